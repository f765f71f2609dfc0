import { parseArgs } from "node:util";
import { parseKey } from "../canary-key.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../failure.ts";
import type { Host } from "../host.ts";
import { annotationsOf, type Verb } from "./orders.ts";

const OPTIONS = {
  namespace: { type: "string", short: "n" },
  step: { type: "string" },
  revision: { type: "string" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
} as const;

const SUMMARY: Readonly<Record<Verb, string>> = {
  approve: "let the candidate leave a step that takes an approval",
  pause: "keep the candidate where it is",
  resume: "end a pause, or have what somebody else wrote into the route written back",
  promote: "give the candidate all requests now",
  rollback: "take the candidate back now, and reject it",
  retry: "try a rejected or failed revision again",
};

/** One order to a canary: `dpo approve chat/assistant`. */
export function orderCommand(verb: Verb): Command {
  return { summary: SUMMARY[verb], help: help(verb), run: (args, host) => run(verb, args, host) };
}

async function run(verb: Verb, args: readonly string[], host: Host): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const { namespace, step, revision, kubeconfig, context } = values;
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0) throw new UsageError(`${verb} takes one NAMESPACE/NAME`);
  if (step !== undefined && !takesStep(verb)) throw new UsageError(`${verb} takes no --step`);
  const key = parseKey(text, namespace);
  const { annotateCanary } = await import("../cluster.ts");
  const order = { verb, ...(step !== undefined && { step }), ...(revision !== undefined && { revision }) };
  const options = {
    ...key,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  };
  const written = await annotateCanary(options, host, (canary) => annotationsOf(order, canary));
  const words = Object.entries(written).map(([name, value]) =>
    value === null ? `${name} taken off` : `${name}=${value}`,
  );
  host.print(`preferencecanary ${key.name}: ${words.join(", ")}\n`);
}

function takesStep(verb: Verb): boolean {
  return verb === "approve" || verb === "resume";
}

function help(verb: Verb): string {
  const step = takesStep(verb) ? "  --step NAME            the step that the candidate is in unless it is named\n" : "";
  return `Usage: dpo ${verb} NAMESPACE/NAME | -n NAMESPACE NAME

Annotates the canary: ${SUMMARY[verb]}. The operator says what came of it in status.

  -n, --namespace NAME   the context's own unless it is named
${step}  --revision REVISION    only if this is the revision that it is about
  --kubeconfig FILE      $KUBECONFIG or ~/.kube/config unless it is named
  --context NAME         of the kubeconfig; the current one unless it is named

Example: dpo ${verb} chat/assistant
`;
}
