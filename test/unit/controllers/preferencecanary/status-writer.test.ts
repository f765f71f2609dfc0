import { describe, expect, it } from "vitest";
import type { PreferenceCanary, PreferenceCanaryStatus } from "../../../../src/api/v1alpha1/preference-canary.ts";
import { status } from "../../../../src/controllers/preferencecanary/status.ts";
import { createStatusWriter } from "../../../../src/controllers/preferencecanary/status-writer.ts";
import type { Client } from "../../../../src/kube/client.ts";
import type { ObjectKey } from "../../../../src/kube/object.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

/** A canary in its last step, and a writer whose writes are kept instead of sent; slow ones end by `answers`. */
function inLastStep({ isSlow = false } = {}) {
  const world = new CanaryWorld();
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  const sent: PreferenceCanaryStatus[] = [];
  const written: PreferenceCanaryStatus[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const client = {
    applyStatus: async (_: unknown, { metadata, status }: Pick<PreferenceCanary, "metadata" | "status">) => {
      if (status === undefined) return;
      sent.push(status);
      if (isSlow) {
        const answer = Promise.withResolvers<void>();
        answers.push(answer);
        await answer.promise;
      }
      written.push(status);
      if (metadata.name === world.canary.metadata.name) world.setStatus(status);
    },
  } as unknown as Client;
  const told: string[] = [];
  const events = {
    record: (_: unknown, { reason }: { reason: string }) => void told.push(reason),
    stop: () => undefined,
  };
  const woken: string[] = [];
  const wake = ({ name }: ObjectKey) => void woken.push(name);
  const writer = createStatusWriter({ client, events, clock: world.clock, wake });
  const write = () => writer.write(world.canary, world.facts(), AbortSignal.timeout(1_000));
  /** As if it were another canary, of which the same is seen; `seen` is how its status stands. */
  const writeAs = (name: string, seen: PreferenceCanary = world.canary) => {
    const { canary } = world;
    const metadata = { ...canary.metadata, name };
    const stands = seen.status === undefined ? {} : { status: seen.status };
    return writer.write({ ...canary, metadata, ...stands }, world.facts(), AbortSignal.timeout(1_000));
  };
  return { world, writer, sent, written, woken, answers, told, write, writeAs };
}

describe("writing status", () => {
  it("says nothing when there is nothing new to say", async () => {
    const { written, write } = inLastStep();
    await write();
    expect(written).toEqual([]);
  });

  it("writes numbers at most every ten seconds, and wakes its canary for the next time", async () => {
    const { world, written, woken, write } = inLastStep();
    world.vote([1]);
    await write();
    world.vote([1]);
    await world.clock.advance(4_000);
    await write();
    await world.clock.advance(5_999);
    expect(written).toHaveLength(1);
    expect(woken).toEqual([]);
    await world.clock.advance(1);
    expect(woken).toEqual([world.canary.metadata.name]);
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

  it("lets what the gates say wait while four are written, and goes on where one of them fails", async () => {
    const { world, sent, woken, answers, write, writeAs } = inLastStep({ isSlow: true });
    world.vote([1]);
    const first = write();
    answers[0]?.resolve();
    await first;
    world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
    const writes = [1, 2, 3, 4].map((index) => writeAs(`early-${index}`));
    await writeAs("verdict");
    expect(sent).toHaveLength(5);
    expect(woken).toEqual([]);
    answers[1]?.reject(new Error("the API server is busy"));
    await expect(writes[0]).rejects.toThrow("busy");
    expect(woken).toEqual(["verdict"]);
  });

  it("lets numbers wait for those of another canary", async () => {
    const { world, sent, woken, writeAs } = inLastStep();
    const before = world.canary;
    world.vote([1]);
    await writeAs("first", before);
    await writeAs("second", before);
    expect(sent).toHaveLength(1);
    await world.clock.advance(100);
    expect(woken).toEqual(["second"]);
    await writeAs("second", before);
    expect(sent).toHaveLength(2);
  });

  it("passes a turn on that is not needed any more", async () => {
    const { world, woken, writeAs } = inLastStep();
    const before = world.canary;
    world.vote([1]);
    await writeAs("first", before);
    await writeAs("content", before);
    await writeAs("waiting", before);
    await writeAs("content", { ...before, status: status(world.facts(), world.clock.now()) });
    await world.clock.advance(100);
    expect(woken).toEqual(["waiting"]);
  });

  it("lets nothing that only this pass knows wait: that somebody else's route was written back", async () => {
    const { world, sent, writer, writeAs } = inLastStep({ isSlow: true });
    const before = world.canary;
    world.vote([1]);
    void writeAs("numbers", before);
    const [route] = world.effects.filter((effect) => effect.type === "WriteRoute");
    const contested = { at: "2099-01-01T00:00:00Z", words: "another backend" };
    const effect = route && { ...route, intent: { ...route.intent, contested } };
    const outcome = { refusals: [], ...(effect && { effect }) };
    void writer.write(before, { ...world.facts(), outcome }, AbortSignal.timeout(1_000));
    expect(sent).toHaveLength(2);
    expect(sent.at(-1)?.conditions?.find(({ type }) => type === "RouteContested")?.status).toBe("True");
  });

  it("lets nothing that happened to a run wait", async () => {
    const { world, sent, writeAs } = inLastStep({ isSlow: true });
    const before = world.canary;
    world.vote([1]);
    void writeAs("numbers", before);
    world.vote(Array.from({ length: 40 }, () => 0));
    void writeAs("bad", before);
    expect(sent).toHaveLength(2);
    expect(sent.at(-1)?.phase).toBe("RollingBack");
  });
});
