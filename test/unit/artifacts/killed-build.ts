import { publish } from "../../../src/artifacts/store.ts";
import { buildModel } from "./model-files.ts";

// Run as a process of its own: it dies as `kill -9` does, with its files written and nothing renamed yet.
await publish(process.argv[2] ?? "", async (folder) => {
  const manifest = await buildModel(folder);
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => {});
  return manifest;
});
