import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { startNode } from "./node-child.ts";

const program = `
  const { onInterrupt } = await import(lib + "/interrupt.ts");
  const wait = (ms) => new Promise((r) => setTimeout(r, ms));
  onInterrupt(async () => { console.log("first"); });
  onInterrupt(async () => { console.log("second"); await wait(CLEANUP_MS); console.log("second done"); });
  const takeBack = onInterrupt(() => console.log("never"));
  takeBack();
  setInterval(() => undefined, 1000);
  process.kill(process.pid, "SIGINT");
  setTimeout(() => process.kill(process.pid, "SIGINT"), AGAIN_MS);
`;

function startInterrupted(cleanupMs: number, againMs: number) {
  return startNode(program.replace("CLEANUP_MS", String(cleanupMs)).replace("AGAIN_MS", String(againMs)));
}

test("cleans up in reverse order, once, though the same Ctrl-C arrives twice", async () => {
  const child = startInterrupted(300, 50);
  const [output, [code]] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), once(child, "exit")]);
  expect(output).toBe("second\nsecond done\nfirst\n");
  expect(code).toBe(130);
});

test("does not wait for the cleanup after a second Ctrl-C", async () => {
  const child = startInterrupted(60_000, 1200);
  const [output, [code]] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), once(child, "exit")]);
  expect(output).toBe("second\n");
  expect(code).toBe(130);
});
