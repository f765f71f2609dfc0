import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import * as z from "zod";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { runLoop } from "../../hack/demo/loop.ts";
import { NAMES } from "../../hack/demo/objects.ts";
import { LABEL } from "../../src/api/v1alpha1/metadata.ts";
import { digestSchema } from "../../src/artifacts/digest.ts";
import { routeFaults } from "../builders/route-oracle.ts";
import { type LoopWitness, witnessLoop } from "./loop-witness.ts";

/** The demo itself, while somebody kills the operator in the middle of what it does. */

const LOOP_MS = 30 * 60_000;

/** What CI reads. */
const Report = z.strictObject({
  steps: z.array(z.strictObject({ name: z.string().min(1), seconds: z.number().min(0), ok: z.boolean() })).min(5),
  client: z.strictObject({ requests: z.int().min(1), failed: z.int().min(0) }),
  runs: z.array(
    z.strictObject({
      model: z.string().min(1),
      digest: digestSchema,
      expected: z.enum(["Promoted", "RolledBack"]),
      outcome: z.enum(["Promoted", "RolledBack"]),
      comparisons: z.int().min(1),
      seconds: z.number().min(0),
      decisionToRouteMs: z.number().min(0).nullable(),
      routeToLastRequestMs: z.number().min(0).nullable(),
    }),
  ),
});

let witness: LoopWitness;
let succeeded: boolean;
let report: z.infer<typeof Report>;

beforeAll(async () => {
  const cluster = inject("cluster");
  const folder = await mkdtemp(join(tmpdir(), "dpo-report-"));
  const file = join(folder, "report.json");
  const loop = runLoop(async () => cluster, { seed: 1, raters: "Steady", report: file });
  [witness, succeeded] = await Promise.all([witnessLoop(cluster, loop), loop]);
  report = Report.parse(JSON.parse(await readFile(file, "utf8")));
  await rm(folder, { recursive: true });
}, LOOP_MS);

afterAll(async () => {
  await witness?.stop();
});

describe("the loop, with the operator killed in training and in mid-ramp", () => {
  test("it was killed where it was meant to be", () => {
    expect(witness.killed).toEqual(["Training", "MidRamp"]);
  });

  test("promotes the good model and rolls the poisoned one back", () => {
    expect(report.runs.map(({ model, outcome }) => [model, outcome])).toEqual([
      ["good", "Promoted"],
      ["poisoned", "RolledBack"],
    ]);
    expect(succeeded).toBe(true);
  });

  test("loses no client request", () => {
    expect(report.client.failed).toBe(0);
    expect(report.client.requests).toBeGreaterThan(500);
  });

  test("reports latencies for a rollback only", () => {
    const [good, poisoned] = report.runs;
    expect(good).toMatchObject({ decisionToRouteMs: null, routeToLastRequestMs: null });
    expect(poisoned?.decisionToRouteMs).not.toBeNull();
    expect(poisoned?.routeToLastRequestMs).not.toBeNull();
  });

  test("never moves a weight across zero, and somebody always serves", () => {
    const { versions } = witness.routes;
    expect(versions.length).toBeGreaterThan(8);
    expect(routeFaults(versions, NAMES.canary)).toEqual([]);
  });

  test("starts one job a dataset, whose artifact says what it came from", () => {
    const datasets = witness.observer.datasets.store.list();
    expect(datasets.map(({ metadata }) => metadata.name).toSorted()).toEqual([NAMES.poisoned, NAMES.dataset]);
    for (const { metadata, status } of datasets) {
      const jobs = witness.observer.jobs.store
        .list()
        .filter((job) => job.metadata.labels?.[LABEL.dataset] === metadata.name);
      expect(jobs.map((job) => job.metadata.name)).toEqual([status?.lastTrained?.job]);
      const [job] = jobs;
      expect(job?.status?.artifact?.dataset).toBe(status?.snapshot?.digest);
      expect(job?.status?.artifact?.base).toBe(job?.spec.model.digest);
      expect(report.runs.map(({ digest }) => digest)).toContain(job?.status?.artifact?.digest);
    }
  });

  test("serves the good model, by its digest", async () => {
    const [canary] = witness.observer.canaries.store.list();
    expect(canary?.status?.stable?.digest).toBe(report.runs[0]?.digest);
    expect(canary?.status?.phase).toBe("RolledBack");
  });
});

describe("pods are restricted", () => {
  test("by the namespaces that they run in", async () => {
    for (const namespace of ["dpo-system", witness.namespace]) {
      const privileged = { name: "root", image: "none", securityContext: { privileged: true } };
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "root" }, spec: { containers: [privileged] } };
      const apply = ["create", "--namespace", namespace, "--dry-run=server", "-f", "-"];
      const refused = kubectl(inject("cluster"), apply, { input: JSON.stringify(pod) });
      await expect(refused).rejects.toThrow(/violates PodSecurity "restricted/);
    }
  });

  test("and all have a read-only root", async () => {
    const path =
      "jsonpath={range .items[*]}{.metadata.name}{range .spec.containers[*]} {.securityContext.readOnlyRootFilesystem}{end}{range .spec.initContainers[*]} {.securityContext.readOnlyRootFilesystem}{end}{'\\n'}{end}";
    for (const namespace of ["dpo-system", witness.namespace]) {
      const listed = await kubectl(inject("cluster"), ["get", "pods", "--namespace", namespace, "--output", path]);
      const pods = listed.split("\n").filter((line) => line !== "");
      expect(pods.length).toBeGreaterThan(1);
      expect(pods.filter((line) => !/^\S+( true)+$/.test(line))).toEqual([]);
    }
  });
});
