import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ensureBinaries } from "../../../hack/tools/binaries.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const CANARY = "assistant";
const NAMESPACE = "orders";
const IN = ["--namespace", NAMESPACE];
const MANAGER = "system:serviceaccount:dpo-system:dpo-manager";
const REVISION = "bbbbbbbbbb";

let kubectl: (...args: string[]) => Promise<string>;

/** Alice may approve; Bob may edit what is of this operator; the operator itself is there too. */
beforeAll(async () => {
  const binaries = await ensureBinaries(["kubectl"]);
  kubectl = async (...args) => {
    const found = await run(binaries.kubectl, ["--kubeconfig", inject("kubeconfig"), ...args]);
    return found.stdout;
  };
  const apply = (...what: string[]) => kubectl("apply", "--server-side", ...what);
  await apply("-k", join(root, "crds"));
  const manifests = ["namespace", "manager-rbac", "user-roles", "orders-allowed"];
  await apply(...manifests.flatMap((name) => ["-f", join(root, "manifests/base", `${name}.yaml`)]));
  await apply("-k", join(root, "manifests/recorded-orders"));
  await kubectl("create", "namespace", NAMESPACE);
  const bind = (name: string, role: string, user: string) =>
    kubectl("create", "rolebinding", name, `--clusterrole=${role}`, `--user=${user}`, ...IN);
  await bind("alice-approves", "dpo-approver", "alice");
  await bind("bob-edits", "dpo-edit", "bob");
  await bind("bob-views", "dpo-view", "bob");
  // Only for kubectl, which reads what it patches.
  await bind("manager-views", "dpo-view", MANAGER);
  await untilSoon("the canary", async () => (await applyCanary()) !== "");
  await untilSoon("the policies", doPoliciesHold);
});

function applyCanary(): Promise<string> {
  return kubectl("apply", "--server-side", "-f", join(root, "manifests/examples/preference-canary.yaml"), ...IN);
}

/** A CRD is established a moment before its objects are taken, and a policy is loaded a moment after it was stored. */
async function untilSoon(what: string, attempt: () => Promise<boolean>): Promise<void> {
  let last: unknown;
  for (let tries = 0; tries < 100; tries++) {
    try {
      if (await attempt()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${what} never came to be`, { cause: last });
}

async function doPoliciesHold(): Promise<boolean> {
  await annotate("admin", `dpo.dev/pause=${Math.random()}`);
  const { "dpo.dev/pause-by": by } = await annotations();
  const refused = await refusal(annotate("alice", "dpo.dev/promote=nobody"));
  await annotate("admin", "dpo.dev/promote-", "dpo.dev/pause-");
  return by !== undefined && refused?.includes("only the annotation dpo.dev/approve") === true;
}

function annotate(user: string, ...annotations: string[]): Promise<string> {
  const as = user === "admin" ? [] : [`--as=${user}`];
  return kubectl(...as, "annotate", "--overwrite", "preferencecanary", CANARY, ...annotations, ...IN);
}

async function annotations(): Promise<Readonly<Record<string, string>>> {
  const text = await kubectl("get", "preferencecanary", CANARY, "-o", "jsonpath={.metadata.annotations}", ...IN);
  return text === "" ? {} : (JSON.parse(text) as Record<string, string>);
}

/** What was said to a request that was refused; undefined when it was not. */
async function refusal(request: Promise<string>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

describe("who has approved", () => {
  test("is written by the API server, whatever the request says", async () => {
    await annotate("alice", `dpo.dev/approve=${REVISION}/half`, "dpo.dev/approve-by=somebody else");
    expect(await annotations()).toMatchObject({ "dpo.dev/approve": `${REVISION}/half`, "dpo.dev/approve-by": "alice" });
  });

  test("stays when somebody else changes something else, and cannot be changed alone", async () => {
    await annotate("alice", `dpo.dev/approve=${REVISION}/half`);
    await annotate("bob", "team=chat", "dpo.dev/approve-by=bob");
    expect(await annotations()).toMatchObject({ team: "chat", "dpo.dev/approve-by": "alice" });
    await annotate("bob", "dpo.dev/approve-by-", "team-");
    expect(await annotations()).toMatchObject({ "dpo.dev/approve-by": "alice" });
  });

  test("goes with the order, and is nothing without one", async () => {
    await annotate("alice", `dpo.dev/approve=${REVISION}/half`);
    await annotate("alice", "dpo.dev/approve-");
    await annotate("bob", "dpo.dev/rollback-by=alice");
    expect(Object.keys(await annotations()).filter((key) => key.endsWith("-by"))).toEqual([]);
  });
});

describe("who may order what", () => {
  test("one who may approve can do that and nothing else", async () => {
    await annotate("alice", `dpo.dev/approve=${REVISION}/tenth`);
    for (const order of [`dpo.dev/promote=${REVISION}`, `dpo.dev/rollback=${REVISION}`, "team=chat"])
      expect(await refusal(annotate("alice", order))).toContain("only the annotation dpo.dev/approve may be changed");
    const patch = (body: object) =>
      kubectl("--as=alice", "patch", "preferencecanary", CANARY, "--type=merge", "-p", JSON.stringify(body), ...IN);
    expect(await refusal(patch({ spec: { suspend: true } }))).toContain("ask for the ClusterRole dpo-edit");
    expect(await refusal(patch({ metadata: { finalizers: ["example.com/mine"] } }))).toContain("metadata.finalizers");
    expect(await refusal(patch({ metadata: { labels: { team: "chat" } } }))).toContain("ClusterRole dpo-edit");
  });

  test("one who may approve can do so beside a standing order to try again, which that one takes off", async () => {
    await annotate("bob", `dpo.dev/retry=${REVISION}`);
    expect(await refusal(annotate("alice", "dpo.dev/retry=cccccccccc"))).toContain("dpo.dev/approve may be changed");
    await annotate("alice", `dpo.dev/approve=${REVISION}/again`, "dpo.dev/retry-");
    const now = await annotations();
    expect(now).toMatchObject({ "dpo.dev/approve": `${REVISION}/again`, "dpo.dev/approve-by": "alice" });
    expect(now).not.toHaveProperty("dpo.dev/retry-by");
  });

  test("one who may approve cannot take it off where that would let an older order to promote count", async () => {
    await annotate("bob", `dpo.dev/retry=${REVISION}`, `dpo.dev/promote=${REVISION}`);
    expect(await refusal(annotate("alice", "dpo.dev/retry-"))).toContain("dpo.dev/approve may be changed");
    await annotate("bob", "dpo.dev/promote-");
    await annotate("alice", "dpo.dev/retry-");
    expect(await annotations()).not.toHaveProperty("dpo.dev/retry");
  });

  test("one who may edit can order everything but an approval", async () => {
    await annotate("bob", `dpo.dev/promote=${REVISION}`);
    expect(await annotations()).toMatchObject({ "dpo.dev/promote-by": "bob" });
    await annotate("bob", "dpo.dev/promote-");
    expect(await refusal(annotate("bob", `dpo.dev/approve=${REVISION}/half-more`))).toContain(
      "ClusterRole dpo-approver",
    );
  });

  test("the operator can hold its canary by a finalizer, and do nothing else to it", async () => {
    const patch = (body: object) =>
      kubectl(
        `--as=${MANAGER}`,
        "patch",
        "preferencecanary",
        CANARY,
        "--type=merge",
        "-p",
        JSON.stringify(body),
        ...IN,
      );
    await patch({ metadata: { finalizers: ["dpo.dev/canary-traffic"] } });
    await patch({ metadata: { finalizers: null } });
    expect(await refusal(patch({ spec: { suspend: true } }))).toContain("ClusterRole dpo-edit");
  });
});
