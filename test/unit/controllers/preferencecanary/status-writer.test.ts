import { describe, expect, it } from "vitest";
import type { PreferenceCanaryStatus } from "../../../../src/api/v1alpha1/preference-canary.ts";
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
    applyStatus: async (_: unknown, { status }: { status: PreferenceCanaryStatus }) => {
      written.push(status);
      world.setStatus(status);
    },
  } as unknown as Client;
  const told: string[] = [];
  const events = {
    record: (_: unknown, { reason }: { reason: string }) => void told.push(reason),
    stop: () => undefined,
  };
  const writer = createStatusWriter({ client, events, clock: world.clock });
  const write = () => writer.write(world.canary, world.facts(), AbortSignal.timeout(1_000));
  return { world, written, told, write };
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
});
