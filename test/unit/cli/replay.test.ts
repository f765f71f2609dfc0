import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Replayed } from "../../../src/cli/replay/replay.ts";
import { dpo, folderWith } from "./run-dpo.ts";

const header = "model,preference\n";
const wins = (model: string, count: number) => `${model},win\n`.repeat(count);
const losses = (model: string, count: number) => `${model},loss\n`.repeat(count);

async function replayed(content: string | Uint8Array, ...options: string[]): Promise<Replayed[]> {
  const { code, stdout, stderr } = await dpo(["replay", "-", "--json", ...options], { stdin: content });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe("what is said of each model", () => {
  test("a decision at the first of the two crossings, and an estimate over the whole file", async () => {
    const [good, bad] = await replayed(header + wins("good", 40) + losses("bad", 40) + losses("good", 200));
    expect(good).toMatchObject({ model: "good", samples: 240, estimate: 40 / 240, verdict: "Pass" });
    expect(bad).toMatchObject({ model: "bad", samples: 40, estimate: 0, verdict: "Fail" });
    expect(good?.decidedAt).toBeLessThan(15);
    expect(good?.interval[0]).toBeLessThan(40 / 240);
    expect(good?.interval[1]).toBeGreaterThan(40 / 240);
    expect(good).not.toHaveProperty("orders");
  });

  test("Undecided, without a number, while the evidence is not enough", async () => {
    const [model] = await replayed(`${header}a,win\na,loss\n`);
    expect(model).toMatchObject({ verdict: "Undecided", decidedAt: null });
  });

  test("stricter errors take longer", async () => {
    const at = async (rate: string) =>
      (await replayed(header + wins("a", 60), "--false-promotion", rate))[0]?.decidedAt;
    expect(await at("0.1%")).toBeGreaterThan((await at("5%")) ?? 0);
  });

  test("a table for people, with the promises", async () => {
    const { stdout } = await dpo(["replay", "-", "--orders", "3"], { stdin: header + wins("good", 40) });
    expect(stdout).toBe(
      [
        "MODEL  COMPARISONS  WIN RATE  INTERVAL  VERDICT  DECIDED AT  PASS  FAIL  UNDECIDED",
        "good            40      100%   87-100%     Pass           8     3     0          0",
        "",
        "A model at or under 50% is promoted with at most 5% probability.",
        "A model at or over 60% is rolled back with at most 5% probability.",
        "",
      ].join("\n"),
    );
  });
});

describe("who judged, and of which group a comparison is", () => {
  const rows = (labeler: string, cohort: string, preference: string, count: number) =>
    `${preference},${labeler},${cohort}\n`.repeat(count);
  const named = "preference,labeler,cohort\n";

  test("with --unit Rater the first comparison of each labeler is the bet, and what names nobody is one too", async () => {
    const text = named + rows("ann", "", "win", 50) + rows("bob", "", "loss", 50) + rows("", "", "win", 2);
    expect(await replayed(text)).toMatchObject([{ samples: 102, verdict: "Pass", decidedAt: 8 }]);
    const [byRater] = await replayed(text, "--unit", "Rater");
    expect(byRater).toMatchObject({ samples: 4, estimate: 3 / 4, verdict: "Undecided" });
  });

  test("columns that nobody asked about cost no row, whatever is in them", async () => {
    const rows = `${JSON.stringify({ preference: "win", labeler: { id: 7 }, cohort: true })}\n`;
    expect(await replayed(rows.repeat(3))).toMatchObject([{ samples: 3 }]);
  });

  test("a harmed cohort is named, with when that was known, whatever the average says", async () => {
    const mixed = Array.from({ length: 60 }, () => rows("", "old", "win", 2) + rows("", "new", "loss", 1)).join("");
    const options = ["--cohorts", "new, old", "--cohorts-min", "45%"];
    const [model] = await replayed(named + mixed, ...options);
    expect(model).toMatchObject({
      estimate: 2 / 3,
      cohorts: {
        verdict: "Fail",
        harmed: ["new"],
        each: [
          { name: "new", samples: 60, estimate: 0 },
          { name: "old", samples: 120, estimate: 1 },
        ],
      },
    });
    expect(model?.cohorts?.failedAt).toBeLessThan(40);
    const { stdout } = await dpo(["replay", "-", ...options], { stdin: named + mixed });
    expect(stdout).toContain(
      `-: cohorts Fail at comparison ${model?.cohorts?.failedAt} (new): new 0% of 60, old 100% of 120`,
    );
  });

  test("cohorts of which there is nothing, or nothing bad, do not fail", async () => {
    const [model] = await replayed(named + rows("", "old", "win", 150), "--cohorts", "new,old");
    expect(model?.cohorts).toMatchObject({
      verdict: "Undecided",
      failedAt: null,
      harmed: [],
      each: [{ estimate: null }, {}],
    });
    const [both] = await replayed(
      named + rows("", "old", "win", 150) + rows("", "new", "win", 150),
      "--cohorts",
      "new,old",
    );
    expect(both?.cohorts?.verdict).toBe("Pass");
  });

  test.each([
    [["--unit", "Prompt"], "--unit is Row or Rater, not Prompt"],
    [["--cohorts-min", "45%"], "--cohorts is missing"],
    [["--cohorts", "a,a"], "each one once"],
    [["--cohorts", ""], "--cohorts: "],
  ])("%o is refused", async (options, words) => {
    const { code, stderr } = await dpo(["replay", "-", ...options], { stdin: named });
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe("orders", () => {
  const mixed = header + "a,win\na,loss\na,loss\na,win\na,win\n".repeat(60);

  test("are as many as asked for, and the same for the same seed", async () => {
    const orders = async (seed: string) => (await replayed(mixed, "--orders", "100", "--seed", seed))[0]?.orders;
    const first = await orders("7");
    expect((first?.Pass ?? 0) + (first?.Fail ?? 0) + (first?.Undecided ?? 0)).toBe(100);
    expect(await orders("7")).toEqual(first);
    expect(await orders("8")).not.toEqual(first);
  });

  test("of a model do not depend on what else is in the file", async () => {
    const [alone] = await replayed(mixed, "--orders", "50");
    const [, beside] = await replayed(header + wins("other", 9) + mixed.slice(header.length), "--orders", "50");
    expect(beside).toEqual(alone);
  });
});

describe("a file is read", () => {
  const rows = [
    ["as CSV", `model,index,preference\nm,1,2\n"m",2,1.5\nm,3,1\n`],
    ["with Windows line ends and a byte order mark", `\uFEFFmodel,preference\r\nm,2\r\nm,1.5\r\nm,1`],
    ["with words in any case", "preference,model\nWin,m\ntie,m\n loss ,m\n"],
    [
      "with line ends, commas and quotes in quoted fields",
      `model,prompt,preference\nm,"a,\n""b""",2\nm,,1.5\nm,"\n",1\n`,
    ],
    ["as JSONL", `{"model":"m","preference":2}\n\n{"preference":"1.5","model":"m"}\n{"model":"m","preference":"loss"}`],
  ] as const;

  test.each(rows)("%s", async (_, content) => {
    for (const bytes of [Buffer.from(content), gzipSync(content)]) {
      const [model, ...others] = await replayed(bytes);
      expect(model).toMatchObject({ model: "m", samples: 3, estimate: 0.5 });
      expect(others).toEqual([]);
    }
  });

  test("without a column model as one unnamed model", async () => {
    expect(await replayed("preference\n2\n1\n")).toMatchObject([{ model: null, samples: 2 }]);
    expect(await replayed('{"preference":2}\n{"preference":1,"model":""}\n')).toMatchObject([
      { model: null, samples: 2 },
    ]);
  });

  test("by a path from where the user stands, whatever its name ends in", async () => {
    const cwd = folderWith({ "recorded.txt": gzipSync(header + wins("m", 3)) });
    const { code, stdout } = await dpo(["replay", "recorded.txt", "--json"], { cwd });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ model: "m", samples: 3 }]]);
  });
});

describe("bad rows are named by line and reason and lose nothing else", () => {
  const good = "m,2\n";
  test.each([
    ["m,2.5\n", `line 3: preference "2.5" is not a number from 1 to 2`],
    ["m,0.7\n", `line 3: preference "0.7" is not a number from 1 to 2`],
    ["m,constructor\n", `line 3: preference "constructor" is not`],
    ["m,\n", "line 3: preference is missing"],
    ["m\n", "line 3: has 1 columns where the header has 2"],
    [`m,"2\n`, "line 3: a quote is opened and never closed"],
    [`"m"x,2\n`, "line 3: text follows a closing quote"],
    [`m",2\n`, "line 3: a quote stands inside a field"],
  ])("CSV: %j", async (row, reason) => {
    const { code, stdout, stderr } = await dpo(["replay", "-", "--json"], { stdin: header + good + row + good + good });
    expect(stderr).toContain(reason);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject([{ samples: 3 }]);
    expect(code).toBe(0);
  });

  test("an open quote spoils its own row only, though other rows have quotes", async () => {
    const stdin = `${header}m,2\nm,"2\n"m",2\nm,2\n"m","2"\n`;
    const { stdout, stderr } = await dpo(["replay", "-", "--json"], { stdin });
    expect(stderr).toMatch(/line 3/);
    expect(JSON.parse(stdout)).toMatchObject([{ samples: 4 }]);
  });

  test.each([
    ["{", "line 2: is not JSON"],
    ["7", "line 2: is not a JSON object"],
    ['{"preference":true}', "line 2: preference true is not a number"],
    ['{"preference":2,"model":{}}', "line 2: model "],
  ])("JSONL: %s", async (row, reason) => {
    const stdin = `{"preference":2}\n${row}\n{"preference":1}\n`;
    const { code, stdout, stderr } = await dpo(["replay", "-", "--json"], { stdin });
    expect(stderr).toContain(reason);
    expect(JSON.parse(stdout)).toMatchObject([{ samples: 2 }]);
    expect(code).toBe(0);
  });

  test("text that is not UTF-8", async () => {
    const stdin = Buffer.concat([Buffer.from(`${header}m,2\n`), Buffer.of(0xff, 0x2c, 0x32), Buffer.from("\nm,1\n")]);
    const { stdout, stderr } = await dpo(["replay", "-", "--json"], { stdin });
    expect(stderr).toBe("-: line 3: is not UTF-8: save the file as UTF-8\n");
    expect(JSON.parse(stdout)).toMatchObject([{ samples: 2 }]);
  });
});

describe("what cannot be replayed is one line on stderr", () => {
  test.each([
    ["nothing", "", /is empty/],
    ["another table", "a,b\n1,2\n", /line 1 should be a CSV header with a column "preference"/],
    ["a JSON array", '[{"preference":2}]', /is a JSON array: write one object a line/],
    ["no usable row", "preference\nfoo\n", /holds no usable comparison/],
    ["gzip that is cut off", gzipSync(header + wins("m", 1000)).subarray(0, 40), /damaged or cut off/],
  ])("%s: exit code 1", async (_, stdin, message) => {
    const { code, stdout, stderr } = await dpo(["replay", "-", "--json"], { stdin });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(message);
  });

  test("a file that is not there: exit code 1", async () => {
    expect(await dpo(["replay", "absent.csv"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("absent.csv"),
    });
  });

  test.each([
    [[], "takes one FILE"],
    [["a", "b"], "takes one FILE"],
    [["-", "--min", "45"], '--min: "45" is not a percentage'],
    [["-", "--min", "70%"], "0 < min < target < 1"],
    [["-", "--false-promotion", "0%"], "error rates between 0 and 1"],
    [["-", "--orders", "0"], "--orders"],
    [["-", "--orders", "many"], "--orders"],
    [["-", "--seed", "1.5"], "--seed"],
    [["-", "--wrong"], "--wrong"],
  ])("%j: exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await dpo(["replay", ...args], { stdin: "preference\n2\n" });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});
