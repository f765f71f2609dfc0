import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, inject, test } from "vitest";
import { ensureBinaries } from "../../../hack/tools/binaries.ts";
import type { PreferenceCanarySpec, PreferenceCanaryStatus } from "../../../src/api/v1alpha1/preference-canary.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { given, waysIn } from "../../builders/canary-stories.ts";
import { kindStories } from "../../builders/kind-stories.ts";

const root = join(import.meta.dirname, "../../..");
const NAMESPACE = "kubectl-shows";

interface Shown {
  readonly spec: PreferenceCanarySpec;
  readonly status: PreferenceCanaryStatus;
}

let kubectl: (args: readonly string[], input?: object) => Promise<string>;

beforeAll(async () => {
  const binaries = await ensureBinaries(["kubectl"]);
  kubectl = async (args, input) => {
    const running = promisify(execFile)(binaries.kubectl, ["--kubeconfig", inject("kubeconfig"), ...args]);
    running.child.stdin?.end(input === undefined ? undefined : JSON.stringify(input));
    return (await running).stdout;
  };
  await kubectl(["apply", "--server-side", "-k", join(root, "crds")]);
  await kubectl(["wait", "--for=condition=Established", "crd/preferencecanaries.dpo.dev"]);
  await kubectl(["create", "namespace", NAMESPACE]);
});

/** Some hundred runs of kubectl. */
const TABLE_MS = 120_000;

test("docs/canary-kubectl.md is what kubectl prints of each state, by the real API server", {
  timeout: TABLE_MS,
}, async () => {
  const states = [...statesOf().entries()].toSorted(([one], [other]) => (one < other ? -1 : 1));
  for (const [name, state] of states) await store(name, state);
  const table = await kubectl(["get", "pcn", "-n", NAMESPACE]);
  const messages = states.map(([name, { status }]) => `| ${name} | ${ready(status)?.message} |`);
  const described = new Map<string, string>();
  for (const [name] of states) described.set(name, await kubectl(["describe", "pcn", name, "-n", NAMESPACE]));
  const untold = states.filter(([name, { status }]) => !saysAll(described.get(name) ?? "", status));
  expect(untold.map(([name]) => name)).toEqual([]);
  const text = [
    ...[INTRODUCTION, "", ...withoutAge(table), "", "| | message |", "|---|---|", ...messages, ""],
    ...[DESCRIBED, "", ...statusIn(described.get("awaiting-approval") ?? ""), ""],
  ];
  await expect(text.join("\n")).toMatchFileSnapshot(join(root, "docs/canary-kubectl.md"));
});

/** Each condition is told with its reason and message, however kubectl breaks its lines. */
function saysAll(description: string, { phase, conditions = [] }: PreferenceCanaryStatus): boolean {
  const words = conditions.flatMap(({ reason, message }) => [reason, message]);
  return [`Phase: ${phase}`, ...words].every((word) => oneLine(description).includes(oneLine(word)));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** As a block of code. */
function statusIn(description: string): string[] {
  const lines = description.trimEnd().split("\n");
  return lines.slice(lines.indexOf("Status:"), lines.indexOf("Events:  <none>")).map((line) => `    ${line}`.trimEnd());
}

const DESCRIBED = `## kubectl describe

The status of the one that is called \`awaiting-approval\` above; below it \`kubectl describe\` has the Events.`;

const INTRODUCTION = `# What kubectl shows of a canary

\`kubectl get pcn\` of one canary in each state, named by its reason, and below what \`-o wide\` and \`kubectl describe\` say of it: the
message of Ready. What to do about each is in [status.md](status.md#preferencecanary). The stories are those of
[canary-states.md](canary-states.md); a real API server printed this, and a test fails when it would print something else.`;

/** The last status of each reason, over all stories of a canary's own arms and route. */
function statesOf(): ReadonlyMap<string, Shown> {
  const found = new Map<string, Shown>();
  for (const story of waysIn.filter((each) => !kindStories.includes(each))) {
    const world = given(story);
    story.happens(world);
    const { spec } = world.canary;
    world.settle(30_000);
    for (const status of world.statuses) found.set(nameOf(status), { spec, status });
  }
  return found;
}

/** CandidateNotReady: candidate-not-ready */
function nameOf(status: PreferenceCanaryStatus): string {
  const reason = ready(status)?.reason ?? "";
  return reason.replaceAll(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
}

function ready({ conditions }: PreferenceCanaryStatus) {
  return findCondition(conditions, "Ready");
}

async function store(name: string, { spec, status }: Shown): Promise<void> {
  const object = { apiVersion: "dpo.dev/v1alpha1", kind: "PreferenceCanary", metadata: { name }, spec };
  await kubectl(["create", "-n", NAMESPACE, "-f", "-"], object);
  await kubectl(["replace", "-n", NAMESPACE, "--subresource=status", "-f", "-"], { ...object, status });
}

/** As a block of code; how old an object is differs from day to day. */
function withoutAge(table: string): string[] {
  const lines = table.trimEnd().split("\n");
  const width = lines[0]?.indexOf("AGE") ?? 0;
  return lines.map((line) => `    ${line.slice(0, width).trimEnd()}`);
}
