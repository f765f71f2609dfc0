/**
 * How fast the profile is: `node bench/dataset/main.ts [RECORDS | FILE [COLUMNS]]`, 100,000 synthetic records unless
 * told otherwise. Prints the outcome, wall and processor seconds, records a second and the profile's
 * largest resident memory.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { profileConfigSchema } from "../../src/api/contracts/profile.ts";
import { runProfile } from "../../src/dataset/profile.ts";
import { createCollectorClient } from "../../src/evidence/collector-client.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const folder = await mkdtemp(path.join(tmpdir(), "bench-dataset-"));
const collector = fork(new URL("collector.ts", import.meta.url), process.argv.slice(2));
try {
  const [{ address, records }] = await once(collector, "message");
  const tokenFile = path.join(folder, "token");
  await writeFile(tokenFile, "none");
  const config = profileConfigSchema.parse({
    namespace: "bench",
    dataset: "bench",
    collector: { url: `http://127.0.0.1:${address.port}`, tokenFile },
    untilSequence: records,
    split: { validation: 0.05, heldOut: 0.2 },
    validation: { maxInvalid: 0.01 },
    quality: { minPairs: 1 },
    output: { claim: "bench", path: path.join(folder, "volume") },
    terminationLog: path.join(folder, "termination-log"),
  });
  const client = createCollectorClient(config.collector, systemClock);
  const start = performance.now();
  const cpu = process.cpuUsage();
  const outcome = await runProfile(config, { collector: client, now: () => new Date(), scratch: folder });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await client.close();
  const figures = {
    records,
    seconds: Number(seconds.toFixed(2)),
    cpuSeconds: Number(((user + system) / 1e6).toFixed(2)),
    recordsPerSecond: Math.round(records / seconds),
    maxRssMB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  console.log(JSON.stringify({ ...figures, outcome }, null, 2));
} finally {
  collector.kill();
  await rm(folder, { recursive: true, force: true });
}
