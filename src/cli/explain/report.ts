import type { PreferenceCanary, PreferenceCanaryStatus } from "../../api/v1alpha1/preference-canary.ts";
import type { GateStatus } from "../../controllers/preferencecanary/gates/gates.ts";
import { type Explained, explainGate } from "./gates.ts";

/** Why each gate of the current or the last run says what it says. */
export function explainReport({ metadata, spec, status = {} }: PreferenceCanary): string {
  const { gates = [], candidate, stable, contenders, lastRun } = status;
  const sameModel = candidate !== undefined && candidate.digest !== "" && candidate.digest === stable?.digest;
  const head = `${metadata.namespace}/${metadata.name}: ${standing(status)}\n`;
  if (contenders !== undefined) return head + contenders.map((each) => contenderReport(spec, each, stable)).join("");
  if (gates.length === 0) return `${head}\nNo run has been judged yet, so no gate has said anything.\n`;
  const isOver = candidate === undefined;
  const reports = gates.map((gate) =>
    gateReport(gate, explainGate(spec, gate, sameModel, (candidate ?? lastRun)?.among), isOver),
  );
  return head + reports.map((report) => `\n${report}`).join("");
}

type Contender = NonNullable<PreferenceCanaryStatus["contenders"]>[number];

/** One of several models of which none is the candidate yet. */
function contenderReport(
  spec: PreferenceCanary["spec"],
  { name, revision, digest, state, share, among, gates }: Contender,
  stable: PreferenceCanaryStatus["stable"],
): string {
  const gets = share === undefined ? "" : `, gets ${share} of the comparisons from now on`;
  const reports = gates.map((gate) => {
    const explained = explainGate(spec, gate, digest === stable?.digest, among);
    return gateReport(gate, explained, state === "RolledBack" || state === "Failed");
  });
  return `\n${name} (${revision}): ${state}${gets}\n${reports.join("")}`;
}

function standing(status: PreferenceCanaryStatus): string {
  const { phase = "Unknown", stable, candidate, step, weights, lastRun, gates = [], contenders } = status;
  const serves = stable === undefined ? "" : ` Revision ${stable.revision} is stable.`;
  if (contenders !== undefined && step !== undefined)
    return `${phase}. One of ${contenders.length} models is to be chosen (${step.name}), and none of them serves users.${serves}`;
  if (candidate !== undefined) {
    const place = step ? ` is in step ${step.name}, ${step.index + 1} of ${step.of}` : " is on its way";
    const { desired, verified = desired } = weights ?? {};
    const shown = verified === desired ? "" : ` (answers show ${verified}% so far)`;
    const weight = desired === undefined ? "" : `, with ${desired}% of the requests${shown}`;
    return `${phase}. Candidate ${candidate.revision}${place}${weight}.${serves}`;
  }
  if (lastRun === undefined) return `${phase}.${serves} There is no candidate.`;
  const { revision, outcome, time, message } = lastRun;
  const isByGate = outcome === "Promoted" || gates.some(({ verdict }) => verdict === "Fail");
  const why = isByGate ? "" : `\n${sentence(message)}`;
  return `${phase}.${serves} There is no candidate; the last run, of ${revision}, ended as ${outcome} at ${time}.${why}`;
}

function gateReport(gate: GateStatus, { promises, about, needed }: Explained, isOver: boolean): string {
  const changed =
    gate.changedFrom === undefined
      ? []
      : [
          `Its numbers were others when the first piece of evidence came (${gate.changedFrom}): the promised rates no ` +
            "longer hold, since trying several numbers on one stream is more than one try.",
        ];
  const corrected =
    gate.corrections === undefined
      ? []
      : [
          `Choices that were corrected later: ${gate.corrections}. The first version of each stays the bet that it was.`,
        ];
  const isOpen = !isOver && gate.verdict !== "Pass" && gate.verdict !== "Fail";
  const lines = [sentence(gate.message), ...(isOpen ? needed : []), ...promises, ...changed, ...corrected, about];
  return `${gate.name}: ${gate.verdict}\n${lines
    .filter((line) => line !== "")
    .map((line) => `  ${line}\n`)
    .join("")}`;
}

function sentence(text: string): string {
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}
