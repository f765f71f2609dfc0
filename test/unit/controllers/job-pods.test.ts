import { expect, test } from "vitest";
import { podsOf } from "../../../src/controllers/job-pods.ts";
import { lastWord } from "../../../src/controllers/pod-parts.ts";
import type { Job, Pod } from "../../../src/kube/built-in.ts";
import type { Client } from "../../../src/kube/client.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { createStore } from "../../../src/kube/store.ts";

const meta = (name: string, resourceVersion: string) => ({
  namespace: "team",
  name,
  uid: `uid-${name}`,
  resourceVersion,
  creationTimestamp: "2026-01-01T00:00:00Z",
});

function job(ended?: "Complete" | "Failed", failures = 0): Stored<Job> {
  const conditions = ended === undefined ? [] : [{ type: ended, status: "True" }];
  return { apiVersion: "batch/v1", kind: "Job", metadata: meta("j", "9"), status: { conditions, failed: failures } };
}

function pod(name: string, phase: "Running" | "Succeeded" | "Failed", message?: string): Stored<Pod> {
  const owner = { apiVersion: "batch/v1", kind: "Job", name: "j", uid: "uid-j", controller: true };
  const state =
    message === undefined ? {} : { terminated: { exitCode: 0, message, finishedAt: "2026-01-01T00:00:01Z" } };
  const container = { name: "c", image: "", imageID: "", ready: false, restartCount: 0, state };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...meta(name, "1"), ownerReferences: [owner] },
    status: { phase, containerStatuses: [container] },
  };
}

/** A cache that lags: the server knows how the pods ended. */
async function read(of: Stored<Job>, cached: Stored<Pod>[], onServer: Stored<Pod>[]) {
  const pods = createStore<Pod>();
  pods.replace(cached, "1");
  let asked = 0;
  const list = async () => {
    asked += 1;
    return { items: onServer, resourceVersion: "9" };
  };
  const found = await podsOf(of, { pods, client: { list } as unknown as Client }, new AbortController().signal);
  return { found, asked };
}

const running = pod("a", "Running");
const failed = pod("a", "Failed", "no memory");
const succeeded = pod("b", "Succeeded", "the result");

test.each([
  ["a Job that runs is followed from the cache", job(), [running], 0],
  ["a Job that ended with a pod that the cache knows has ended needs no more", job("Complete"), [succeeded], 0],
  ["a Job that ended before the cache heard of its pod is asked about", job("Complete"), [running], 1],
  ["a Job that gave up is asked about the pod that made it do so", job("Failed", 2), [failed], 1],
  ["a Job that gave up needs no more when all its pods are known", job("Failed", 1), [failed], 0],
  ["a pod that failed before is not the one that made the Job succeed", job("Complete"), [failed, running], 1],
])("%s", async (_name, of, cached, asked) => {
  expect((await read(of, cached, [failed, succeeded])).asked).toBe(asked);
});

test("what the server says of the end is what counts", async () => {
  const { found } = await read(job("Complete"), [running], [failed, succeeded]);
  expect(lastWord(found, { succeeded: true, at: new Date() })).toBe("the result");
});
