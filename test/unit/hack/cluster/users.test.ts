import { expect, test } from "vitest";
import { isLive, startOf, type User } from "../../../../hack/cluster/users.ts";

const working: User = {
  root: import.meta.dirname,
  cluster: "dpo-abc123",
  pid: process.pid,
  started: startOf(process.pid) ?? "",
};
const stands = (): boolean => true;
const gone = (): boolean => false;

test("a clone whose process works counts, cluster or not", () => {
  expect(isLive(working, gone)).toBe(true);
});

test("a clone whose process ended counts while its cluster stands", () => {
  const ended = { ...working, started: "1" };
  expect(isLive(ended, stands)).toBe(true);
  expect(isLive(ended, gone)).toBe(false);
});

test("a process number that was given to another process does not count", () => {
  expect(isLive({ ...working, pid: 1 }, gone)).toBe(false);
});

test("a clone that was deleted does not count: nobody could take its cluster down", () => {
  expect(isLive({ ...working, root: "/nonexistent/clone" }, stands)).toBe(false);
});
