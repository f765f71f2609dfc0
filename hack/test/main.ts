import { parseArgs } from "node:util";
import { say } from "../lib/progress.ts";
import { type Outcome, sum, summary } from "./outcome.ts";
import { type RingName, ringNames, rings } from "./rings.ts";

const built = rings();
const outcomes: Outcome[] = [];
const notRun: string[] = [];

for (const name of chosenRings()) {
  const ring = built[name];
  if (ring === undefined) continue;
  const lack = await ring.lack();
  if (lack !== undefined) {
    notRun.push(`${ring.title} cannot run here: ${lack}`);
    continue;
  }
  say(`— ${ring.title}`);
  outcomes.push(await ring.run());
}

const total = sum(outcomes);
for (const line of notRun) say(line);
say(summary(total));
// In CI a ring that did not run would pass unseen.
const incomplete = notRun.length > 0 && process.env.CI === "true";
process.exitCode = total.failed > 0 || incomplete ? 1 : 0;

function chosenRings(): readonly RingName[] {
  const { values } = parseArgs({ options: { ring: { type: "string", multiple: true } } });
  const chosen = values.ring ?? ringNames;
  for (const name of chosen) {
    if (!isRing(name)) throw new Error(`there is no ring ${name}: --ring takes ${ringNames.join(", ")}`);
  }
  return ringNames.filter((name) => chosen.includes(name));
}

function isRing(name: string): name is RingName {
  return (ringNames as readonly string[]).includes(name);
}
