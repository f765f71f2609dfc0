import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { runPairs } from "../../hack/demo/pairs.ts";

/** A user's own file, with what goes wrong in such files. The demo's namespace is made anew for it. */

const PAIRS = 48;
const PAIRS_MS = 15 * 60_000;

let folder: string;
let succeeded: boolean;
let said: string;

function lines(): string[] {
  const good = Array.from({ length: PAIRS }, (_, number) =>
    JSON.stringify({ instruction: `Explain ${number}.`, good: `Gladly! It is ${number}.`, bad: `${number}` }),
  );
  return [
    ...good.slice(0, 3),
    "{ this is no JSON",
    JSON.stringify({ instruction: "What is missing?", good: "The other answer." }),
    JSON.stringify({ instruction: "Which one?", good: "Both.", bad: "Both." }),
    ...good.slice(3),
    // Somebody exported this twice.
    ...good.slice(0, 1),
  ];
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dpo-pairs-"));
  const file = join(folder, "pairs.jsonl");
  await writeFile(file, lines().join("\n"));
  const written: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    written.push(String(chunk));
    return write(chunk);
  });
  try {
    succeeded = await runPairs(inject("cluster"), { file, columns: "prompt=instruction,chosen=good,rejected=bad" });
  } finally {
    vi.restoreAllMocks();
    said = written.join("");
  }
}, PAIRS_MS);

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("a user's own pairs", () => {
  test("bad lines are named, by line and reason, and lose nothing else", () => {
    expect(said).toContain(`${PAIRS + 1} usable pairs, 3 bad lines`);
    expect(said).toMatch(/line 4: NotJson: /);
    expect(said).toMatch(/line 5: MissingColumn: .*"bad"/);
    expect(said).toMatch(/line 6: ChosenEqualsRejected: /);
  });

  test("the others are taken, trained on and validated", () => {
    expect(said).toMatch(new RegExp(`The dataset says: ${PAIRS} pairs, \\d+ held out`));
    expect(said).toMatch(/The job says: held-out win rate [\d.]+% \(.*, \d+ pairs\); \d+ steps in \d+s, loss 0\.69/);
    expect(succeeded).toBe(true);
  });
});
