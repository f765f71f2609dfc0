import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PreferenceCanary } from "../../../src/api/v1alpha1/preference-canary.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { CANARY } from "../../builders/canary.ts";
import { serviceAccountToken } from "../service-account.ts";
import type { CanaryStage, StageOptions } from "./canary-stage.ts";
import { dpo } from "./command-line.ts";
import { dyingAt } from "./dying-process.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const RATED = {
  evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
  steps: [{ name: "half", weight: 50 }],
  gates: { winRate: {}, compliance: {}, regression: { maxDrop: "30%" } },
};

const setStage = useCanaryStages();
let canary: CanaryStage;

async function set(options: StageOptions = {}): Promise<void> {
  canary = await setStage(options);
  await canary.applyWorkload();
  await canary.createCanary(RATED);
}

async function inHalf() {
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  await canary.until("in its step", ({ status }) => status?.weights?.since !== undefined && status.weights.desired > 0);
}

function archived() {
  return canary.until("archived", ({ status }) => status?.lastRun?.archive !== undefined && !status.archiving);
}

function replay({ status }: Stored<PreferenceCanary>) {
  const { namespace } = canary.stage;
  const revision = status?.lastRun?.revision ?? "";
  return dpo("replay", "--run", `${namespace}/${CANARY}`, revision, "--service-account", "rater", "--json");
}

/** What status says of each gate, as replay says it. */
function said({ status }: Stored<PreferenceCanary>) {
  return status?.gates?.map(({ name, verdict, samples, sum, passedAt, failedAt }) => ({
    name,
    said: { verdict, samples, sum: Number(sum), decidedAt: failedAt?.sequence ?? passedAt?.sequence ?? null },
  }));
}

describe("a run that is over", () => {
  it("is archived, and its archive replays to the verdicts of status, at the same records", async () => {
    // The collector's clock says when an answer was rated.
    await set({ speed: 1 });
    await canary.start();
    await inHalf();
    await canary.rate({ candidate: 1, stable: 0.9 }, 140);
    await canary.compare(1, 60);
    const promoted = await archived();
    expect(promoted.status?.lastRun?.outcome).toBe("Promoted");
    expect(promoted.status?.history?.[0]?.archive).toEqual(promoted.status?.lastRun?.archive);
    const { code, stdout } = await replay(promoted);
    const run = JSON.parse(stdout);
    expect(run.gates).toMatchObject(said(promoted) ?? []);
    for (const { said: before, replayed, same } of run.gates)
      expect({ replayed, same }).toEqual({ replayed: before, same: true });
    expect({ code, digest: run.digest }).toEqual({ code: 0, digest: promoted.status?.lastRun?.archive?.digest });
  });

  it("comes to one archive although the operator dies between it and the write that names it", async () => {
    await set();
    const { namespace } = canary.stage;
    let died: () => void = () => undefined;
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    const names = (body: unknown) => JSON.stringify(body ?? {}).includes('"archive":');
    const dying = dyingAt(
      ({ path, body }) => path.endsWith("/status") && names(body),
      "before",
      namespace,
      () => died(),
    );
    await canary.start(dying.interceptor);
    await inHalf();
    await canary.compare(0, 60);
    await death;
    const lost = JSON.stringify(dying.writes.at(-1)?.body);
    await canary.start();
    const after = await archived();
    expect(after.status?.lastRun?.outcome).toBe("RolledBack");
    expect(lost).toContain(after.status?.lastRun?.archive?.digest);
    expect(JSON.parse((await replay(after)).stdout).gates).toMatchObject([
      { replayed: { verdict: "Fail", decidedAt: expect.any(Number) }, same: true },
      { same: true },
      { same: true },
    ]);
  });

  it("has no archive while the collector is away, which status says, and gets it when it is back", async () => {
    await set();
    await canary.start();
    await inHalf();
    await canary.compare(1, 3);
    const judged = await canary.until("judged", ({ status }) => status?.gates?.[0]?.samples === 3);
    await canary.stage.collector.stop();
    await canary.order("rollback", judged.status?.candidate?.revision ?? null);
    const without = await canary.until(
      "without an archive",
      ({ status }) => status?.phase === "RolledBack" && status.archiving?.[0]?.problem !== undefined,
    );
    expect(without.status?.archiving?.[0]?.problem).toMatch(/ECONNREFUSED/);
    const refused = await replay(without);
    expect([refused.code, refused.stderr]).toMatchObject([
      1,
      expect.stringMatching(/has no archive yet: .*ECONNREFUSED/),
    ]);
    await canary.stage.collector.start();
    expect((await replay(await archived())).code).toBe(0);
  });

  it("is known to be another one where a byte of its archive was changed", async () => {
    await set();
    await canary.start();
    await inHalf();
    await canary.compare(0, 60);
    const { status } = await archived();
    const { digest = "", uri = "" } = status?.lastRun?.archive ?? {};
    const { namespace, installation } = canary.stage;
    const token = await serviceAccountToken(installation.caller, namespace, "reader", ["dpo-collector"]);
    const response = await fetch(uri, { headers: { authorization: `Bearer ${token}` } });
    const bytes = Buffer.from(await response.arrayBuffer());
    const folder = await mkdtemp(join(tmpdir(), "dpo-archive-"));
    const file = join(folder, `${digest.slice(7)}.jsonl.gz`);
    await writeFile(file, bytes);
    expect((await dpo("replay", file)).code).toBe(0);
    await writeFile(file, bytes.with(100, ((bytes[100] ?? 0) + 1) % 256));
    expect(await dpo("replay", file)).toMatchObject({ code: 1, stdout: "" });
    await rm(folder, { recursive: true });

    const outsider = await serviceAccountToken(installation.caller, "dpo-system", "outsider", ["dpo-collector"]);
    expect((await fetch(uri, { headers: { authorization: `Bearer ${outsider}` } })).status).toBe(403);
  });
});
