import { describe, expect, it } from "vitest";
import type { PreferenceCanary, PreferenceCanaryStatus } from "../../../../src/api/v1alpha1/preference-canary.ts";
import { createStatusWriter } from "../../../../src/controllers/preferencecanary/status-writer.ts";
import type { Client } from "../../../../src/kube/client.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

/** A canary in its last step, and a writer whose writes are kept instead of sent. */
function inLastStep() {
  const world = new CanaryWorld();
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  const written: PreferenceCanaryStatus[] = [];
  const client = {
    applyStatus: async (_: unknown, { metadata, status }: Pick<PreferenceCanary, "metadata" | "status">) => {
      if (status === undefined) return;
      written.push(status);
      if (metadata.name === world.canary.metadata.name) world.setStatus(status);
    },
  } as unknown as Client;
  const told: string[] = [];
  const events = {
    record: (_: unknown, { reason }: { reason: string }) => void told.push(reason),
    stop: () => undefined,
  };
  const writer = createStatusWriter({ client, events, clock: world.clock });
  const write = () => writer.write(world.canary, world.facts(), AbortSignal.timeout(1_000));
  /** As if it were another canary, of which the same is seen. */
  const writeAs = (name: string, { status } = world.canary) => {
    const metadata = { ...world.canary.metadata, name };
    return writer.write({ ...world.canary, metadata, status }, world.facts(), AbortSignal.timeout(1_000));
  };
  return { world, written, told, write, writeAs };
}

describe("writing status", () => {
  it("says nothing when there is nothing new to say", async () => {
    const { written, write } = inLastStep();
    expect(await write()).toEqual({});
    expect(written).toEqual([]);
  });

  it("writes numbers at most every ten seconds, and names the time of the next write", async () => {
    const { world, written, write } = inLastStep();
    world.vote([1]);
    await write();
    world.vote([1]);
    world.clock.pause(4_000);
    expect(await write()).toEqual({ requeueAfterMs: 6_000 });
    expect(written).toHaveLength(1);
    world.clock.pause(6_000);
    await write();
    expect(written.map(({ gates }) => gates?.[0]?.samples)).toEqual([1, 2]);
  });

  it("writes a verdict at once, with the Events that are worth telling", async () => {
    const { world, written, told, write } = inLastStep();
    world.vote([1]);
    await write();
    world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
    await write();
    expect(written.at(-1)?.gates?.[0]?.verdict).toBe("NoData");
    expect(told).toEqual(["HeldForNoData"]);
  });

  it("lets verdicts of all canaries take turns, 25 a second, each one its own", async () => {
    const { world, written, writeAs } = inLastStep();
    const before = world.canary;
    world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
    const names = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const results = [];
    for (const name of names) results.push(await writeAs(name, before));
    expect(written).toHaveLength(25);
    expect(results.slice(25)).toEqual([40, 80, 120, 160, 200].map((requeueAfterMs) => ({ requeueAfterMs })));
    expect(await writeAs("c29", before)).toEqual({ requeueAfterMs: 200 });
    world.clock.pause(80);
    for (const name of names.slice(25)) await writeAs(name, before);
    expect(written).toHaveLength(27);
  });

  it("lets nothing that happened to a run wait for the turns of others", async () => {
    const { world, written, writeAs } = inLastStep();
    world.vote([1]);
    const before = world.canary;
    for (let index = 0; index < 30; index += 1) await writeAs(`c${index}`, before);
    world.vote(Array.from({ length: 40 }, () => 0));
    expect(await writeAs("bad", before)).toEqual({});
    expect(written.at(-1)?.phase).toBe("RollingBack");
  });

  it("leaves free turns to verdicts: numbers ask again", async () => {
    const { world, written, write, writeAs } = inLastStep();
    world.vote([1]);
    const before = world.canary;
    await write();
    world.vote([1]);
    world.clock.pause(10_000);
    for (let index = 0; index < 25; index += 1) await writeAs(`c${index}`, before);
    expect(await write()).toEqual({ requeueAfterMs: 1_000 });
    world.clock.pause(1_000);
    await write();
    expect(written.at(-1)?.gates?.[0]?.samples).toBe(2);
  });
});
