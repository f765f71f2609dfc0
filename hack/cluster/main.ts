import { say } from "../lib/progress.ts";
import { downCluster } from "./down.ts";
import { clusterStatus } from "./status.ts";
import { upCluster } from "./up.ts";

const USAGE = "Usage: npm run cluster -- up | down | status";

switch (process.argv[2]) {
  case "up":
    await upCluster();
    say(await clusterStatus());
    break;
  case "down":
    await downCluster();
    break;
  case "status":
    say(await clusterStatus());
    break;
  default:
    throw new Error(USAGE);
}
