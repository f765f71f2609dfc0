import { readFile } from "node:fs/promises";
import type { PreferenceRecord } from "../../src/api/contracts/collector-api.ts";
import { CONDITION } from "../../src/api/v1alpha1/condition-types.ts";
import type { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import type { PreferenceDataset } from "../../src/api/v1alpha1/preference-dataset.ts";
import { parseColumns } from "../../src/dataset/import/columns.ts";
import { importPairs } from "../../src/dataset/import/import-pairs.ts";
import { findCondition, isTrue } from "../../src/runtime/conditions.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { say } from "../lib/progress.ts";
import { buildImages, install, operatorReady } from "./install.ts";
import type { Model } from "./objects.ts";
import { type Observer, observe, waitFor } from "./observer.ts";
import type { PairsOptions } from "./options.ts";
import { postPreferences } from "./post-preferences.ts";
import { makeBaseModel, prepareWorkspace, type Workspace } from "./prepare.ts";
import { createReport } from "./report.ts";
import { pairsDataset } from "./settings.ts";

const DATASET = "pairs";
const BASE_SEED = 1;
const BAD_LINES_SHOWN = 10;
const MINUTE = 60_000;

/** A user's own preferences through dataset, job and validation. No canary: nobody here could judge those texts. */
export async function runPairs(cluster: Cluster, { file, columns }: PairsOptions): Promise<boolean> {
  const { step } = createReport();
  const imported = importPairs(await readFile(file), columns === undefined ? {} : parseColumns(columns));
  const records = imported.records.map(({ record }) => record);
  say(`${file}: ${records.length} usable pairs, ${imported.bad.length} bad lines`);
  for (const { line, reason, message } of imported.bad.slice(0, BAD_LINES_SHOWN))
    say(`  line ${line}: ${reason}: ${message}`);
  if (imported.bad.length > BAD_LINES_SHOWN) say(`  and ${imported.bad.length - BAD_LINES_SHOWN} more`);
  if (records.length === 0)
    throw new Error(`${file} has no usable pair: say which columns hold prompt, chosen and rejected with --columns.`);

  const images = await step("images built", () => buildImages(cluster));
  await step("CRDs and operator installed", () => install(cluster, images));
  await step("operator ready", () => operatorReady(cluster));
  const workspace = await prepareWorkspace(cluster);
  const base = await step("base model made", () => makeBaseModel(cluster, workspace, images.trainer, BASE_SEED));
  const observer = await observe(cluster.kubeconfig, workspace.namespace);
  try {
    return await train({ workspace, observer, base, step }, records);
  } finally {
    // What still watches would keep the process from ending.
    await observer.close();
    await workspace.collector.close();
    say(await kubectl(cluster, ["get", "preferencedatasets,dpojobs", "--namespace", workspace.namespace]));
  }
}

interface Stage {
  readonly workspace: Workspace;
  readonly observer: Observer;
  readonly base: Model;
  readonly step: ReturnType<typeof createReport>["step"];
}

async function train({ workspace, observer, base, step }: Stage, records: readonly PreferenceRecord[]) {
  const { accepted } = await step("preferences posted to the collector", () =>
    postPreferences(workspace, DATASET, records),
  );
  await workspace.apply(pairsDataset(DATASET, base, accepted));
  const dataset = await step("snapshot taken, or refused", () =>
    waitFor(observer.datasets, DATASET, 5 * MINUTE, ({ status }) =>
      status?.lastTrained !== undefined || isTrue(status?.conditions, CONDITION.stalled) ? status : undefined,
    ),
  );
  say(whatDatasetSays(dataset));
  const name = dataset?.lastTrained?.job;
  const job =
    name === undefined
      ? undefined
      : await step("trained and validated", () =>
          waitFor(observer.jobs, name, 30 * MINUTE, ({ status }) =>
            status?.completionTime === undefined ? undefined : status,
          ),
        );
  say(whatJobSays(job));
  return job !== undefined && isTrue(job.conditions, CONDITION.complete);
}

function whatDatasetSays(status: PreferenceDataset["status"]): string {
  const { snapshot, quality, conditions } = status ?? {};
  if (snapshot === undefined) return `The dataset says: ${findCondition(conditions, CONDITION.ready)?.message}`;
  const invalid = Object.entries(quality?.invalid ?? {}).map(([reason, count]) => `${count} ${reason}`);
  return `The dataset says: ${snapshot.pairs} pairs, ${snapshot.heldOutPairs} held out, ${quality?.duplicates} duplicates, invalid: ${invalid.join(", ") || "none"}, ${snapshot.digest}`;
}

function whatJobSays(status: DPOJob["status"]): string {
  if (status === undefined) return "No job was started.";
  const { validation, conditions } = status;
  const { value, interval, samples } = validation?.heldOutWinRate ?? {};
  const measured =
    value === undefined ? "" : `held-out win rate ${value} (${interval?.join(" to ")}, ${samples} pairs); `;
  const condition = findCondition(conditions, CONDITION.complete) ?? findCondition(conditions, CONDITION.failed);
  return `The job says: ${measured}${condition?.message}; ${findCondition(conditions, CONDITION.ready)?.message}`;
}
