import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type TrainConfig, trainResultSchema } from "../../src/api/contracts/train.ts";
import { readManifest } from "../../src/artifacts/manifest.ts";
import type { Published } from "../../src/artifacts/store.ts";
import { loadBackend, type Tf } from "../src/backend.ts";
import { loadModel, publishModel } from "../src/model/store.ts";
import { train } from "../src/train/train.ts";
import { smallModel } from "./small-model.ts";
import { type Preference, publishSnapshot } from "./snapshots.ts";

let tf: Tf;
let volume: string;
let base: Published;
beforeAll(async () => {
  ({ tf } = await loadBackend());
  volume = await mkdtemp(join(tmpdir(), "volume-"));
  base = await publishModel(volume, smallModel(), { base: null, dataset: null, job: null, settings: {} });
});

function preferences(from: number, to: number): Preference[] {
  return Array.from({ length: to - from }, (_, i) => ({
    prompt: `What is ${from + i}?`,
    chosen: `Thanks, ${from + i} is fine`,
    rejected: `No, ${(from + i) ** 2}`,
  }));
}

const splits = { train: preferences(0, 12), heldOut: preferences(12, 16) };

function configFor(dataset: Published, training: Partial<TrainConfig["training"]> = {}): TrainConfig {
  const defaults = { epochs: 1, learningRate: 1e-3, batchSize: 4, gradientAccumulation: 1, maxLength: 64, seed: 7 };
  return {
    job: { namespace: "team", name: "first" },
    dataset: { digest: dataset.digest, path: dataset.folder },
    model: { digest: base.digest, path: base.folder },
    output: { claim: "models", path: volume },
    method: { loss: "Sigmoid", beta: 0.1 },
    training: { ...defaults, ...training },
    terminationLog: "/dev/null",
  };
}

function run(config: TrainConfig, log: string[] = []) {
  const signal = new AbortController().signal;
  return train(config, { tf, signal, onStep: () => undefined, log: (line) => log.push(line) });
}

describe("a training", () => {
  test("ends in a stored model with its lineage and a result that keeps the contract", async () => {
    const dataset = await publishSnapshot(volume, splits);
    const config = configFor(dataset, { epochs: 2 });
    const result = trainResultSchema.parse(await run(config));
    expect(result).toMatchObject({
      ...{ dataset: dataset.digest, base: base.digest, steps: 6, uri: `pvc://models/sha256/${result.digest.slice(7)}` },
      pairs: { trained: 12, identical: 0, truncated: 0 },
      validation: { heldOutWinRate: { samples: 4 } },
    });
    expect(Math.abs(result.firstLoss - Math.LN2)).toBeLessThanOrEqual(1e-6);
    const folder = join(volume, "sha256", result.digest.slice(7));
    const { method, training } = config;
    expect(await readManifest(folder, `sha256:${result.digest.slice(7)}`)).toMatchObject({
      lineage: { base: base.digest, dataset: dataset.digest, job: "team/first", settings: { method, training } },
    });
    const trained = await loadModel(folder, `sha256:${result.digest.slice(7)}`);
    expect([...trained.weights]).not.toEqual([...smallModel().weights]);
  });

  test("gives the same digest for the same inputs and seed, in whatever order the snapshot's files hold the rows", async () => {
    const dataset = await publishSnapshot(volume, splits);
    const elsewhere = await mkdtemp(join(tmpdir(), "volume-"));
    const turned = { train: splits.train.toReversed(), heldOut: splits.heldOut.toReversed() };
    const same = await publishSnapshot(elsewhere, turned);
    expect(same.digest).toBe(dataset.digest);
    const first = await run(configFor(dataset));
    expect((await run(configFor(same))).digest).toBe(first.digest);
    expect((await run(configFor(dataset, { seed: 8 }))).digest).not.toBe(first.digest);
  });

  test("of texts longer than maxLength says what was cut", async () => {
    const long = { ...(splits.train[0] as Preference), prompt: "á long story ".repeat(500) };
    const log: string[] = [];
    const result = await run(configFor(await publishSnapshot(volume, { ...splits, train: [long] })), log);
    expect(result.pairs).toEqual({ trained: 1, identical: 0, truncated: 1 });
    expect(log).toContainEqual(expect.stringContaining("1 pairs were longer than maxLength 64"));
  });

  test("without held-out pairs has no held-out win rate", async () => {
    const result = await run(configFor(await publishSnapshot(volume, { ...splits, heldOut: [] })));
    expect(result.validation).toEqual({ heldOutWinRate: null });
  });
});

describe("a training is refused", () => {
  test("when a row was altered, by the row", async () => {
    const altered = splits.train.map((row, i) => (i === 5 ? { ...row, chosen: "poison" } : row));
    const root = await mkdtemp(join(tmpdir(), "volume-"));
    const running = run(configFor(await publishSnapshot(root, splits, { train: altered })));
    await expect(running).rejects.toMatchObject({
      reason: "DatasetMismatch",
      message: expect.stringContaining("row 5"),
    });
  });

  test("when a row is missing", async () => {
    const root = await mkdtemp(join(tmpdir(), "volume-"));
    const running = run(configFor(await publishSnapshot(root, splits, { train: splits.train.slice(0, -1) })));
    await expect(running).rejects.toMatchObject({
      reason: "DatasetMismatch",
      message: expect.stringContaining("11 rows"),
    });
  });

  test("when the base model's weights were altered", async () => {
    const root = await mkdtemp(join(tmpdir(), "volume-"));
    const copy = await publishModel(root, smallModel(), { base: null, dataset: null, job: null, settings: {} });
    const file = join(copy.folder, "weights.bin");
    const bytes = await readFile(file);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    await chmod(file, 0o644);
    await writeFile(file, bytes);
    const config = configFor(await publishSnapshot(volume, splits));
    const running = run({ ...config, model: { digest: copy.digest, path: copy.folder } });
    await expect(running).rejects.toMatchObject({ reason: "ModelMismatch" });
  });

  test.each([
    { what: "a snapshot that is not there", dataset: { path: "/nowhere" }, reason: "DatasetUnreadable" },
    { what: "maxLength beyond the context", training: { maxLength: 65 }, reason: "InvalidConfig" },
    { what: "identical answers alone", training: { maxLength: 2 }, reason: "NothingToTrain" },
  ])("for $what", async ({ dataset = {}, training = {}, reason }) => {
    const same = [{ prompt: "p", chosen: "yes, one", rejected: "yes, two" }];
    const config = configFor(await publishSnapshot(volume, { ...splits, train: same }), training);
    const running = run({ ...config, dataset: { ...config.dataset, ...dataset } });
    await expect(running).rejects.toMatchObject({ reason });
  });
});
