import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Planned } from "../../../src/cli/plan/summary.ts";
import { dpo, folderWith } from "./run-dpo.ts";

const example = readFileSync(
  new URL("../../../manifests/examples/preference-canary-pinned.yaml", import.meta.url),
  "utf8",
);
const checkedExample = readFileSync(
  new URL("../../../manifests/examples/preference-canary.yaml", import.meta.url),
  "utf8",
);
const asking = readFileSync(
  new URL("../../../manifests/examples/preference-canary-asking.yaml", import.meta.url),
  "utf8",
);
const rates = ["--true-win-rate", "50%,60%", "--comparisons-per-hour", "60"];

async function planned(text: string, ...options: string[]): Promise<Planned[]> {
  const { code, stdout, stderr } = await dpo(["plan", "-f", "-", "--json", ...options], { stdin: text });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

test("gates that ask other systems are given samples by their interval, and those that break a bound roll back", async () => {
  const some = await planned(asking, ...rates, "--runs", "5");
  expect(some.every(({ promoted, rolledBack }) => promoted + rolledBack === 1)).toBe(true);
  const broken = await planned(asking, ...rates, "--runs", "5", "--breach-rate", "60%");
  for (const { rolledBack, rolledBackBy } of broken) {
    expect(rolledBack).toBe(1);
    expect(Object.keys(rolledBackBy).filter((by) => by.startsWith("metrics/"))).not.toEqual([]);
  }
});

test("how many requests there are is not simulated, so maxExposure is left out, and the plan says so", async () => {
  const bounded = readFileSync(
    new URL("../../../manifests/examples/preference-canary-bounded.yaml", import.meta.url),
    "utf8",
  );
  const { code, stderr } = await dpo(
    ["plan", "-f", "-", "--json", ...rates, "--runs", "2", "--max-comparisons", "50"],
    {
      stdin: bounded,
    },
  );
  expect([code, stderr]).toEqual([
    0,
    "spec.maxExposure is left out: how many requests there are to be bounded is not simulated.\n",
  ]);
});

test("with ties fewer runs end wrongly, and there cannot be more of them than the true win rate has room for", async () => {
  const options = [...rates, "--runs", "200"];
  const errors = async (...more: string[]) =>
    (await planned(example, ...options, ...more)).reduce((sum, { error }) => sum + (error?.rate ?? 0), 0);
  expect(await errors("--ties", "50%")).toBeLessThan((await errors()) / 2);
  const { code, stderr } = await dpo(["plan", "-f", "-", ...options, "--ties", "81%"], { stdin: example });
  expect([code, stderr]).toEqual([2, expect.stringContaining("--ties can be at most 80% at a true win rate of 60%")]);
});

test("as many ties as there is room for are taken, and a mean that is a threshold is one", async () => {
  const options = ["--comparisons-per-hour", "60", "--runs", "2"];
  await planned(example, "--true-win-rate", "80%", "--ties", "40%", ...options);
  const guarded = example.replace(/( *)winRate: {}/, "$1winRate: {}\n$1cohorts: {names: [en, de]}");
  const [atTarget] = await planned(guarded, "--true-win-rate", "80%", "--cohort-win-rate", "de=40%", ...options);
  expect(atTarget).toMatchObject({ mean: 0.6, error: { outcome: "rolledBack" } });
});

test("against a baseline a plan takes it that it answers, and says whose win rate it is", async () => {
  const text = example.replace("comparisons: {", "comparisons: {baseline: {service: rival, port: 8000}, ");
  const options = ["--true-win-rate", "30%,80%", "--comparisons-per-hour", "60", "--runs", "5"];
  const { code, stdout, stderr } = await dpo(["plan", "-f", "-", "--json", ...options], { stdin: text });
  expect([code, stderr]).toEqual([
    0,
    "The true win rate is that against baseline rival:8000, which is taken to answer every time.\n",
  ]);
  expect(JSON.parse(stdout)).toMatchObject([{ rolledBack: 1 }, { promoted: 1 }]);
});

test("of several models one is planned, at its part of the error rates, and the plan says so", async () => {
  const several = readFileSync(
    new URL("../../../manifests/examples/preference-canary-selection.yaml", import.meta.url),
    "utf8",
  );
  const { code, stdout, stderr } = await dpo(["plan", "-f", "-", "--json", ...rates, "--runs", "5"], {
    stdin: several,
  });
  expect([code, stderr]).toEqual([
    0,
    "Of model.candidates one is planned, as if all comparisons were its own, at its part of the error rates.\n",
  ]);
  const some: Planned[] = JSON.parse(stdout);
  expect(some[0]?.error?.promised).toBeCloseTo(0.05 / 3, 6);
});

describe("what is planned", () => {
  test("says of each true win rate how often it is promoted and rolled back, and what of that is an error", async () => {
    const [atMin, between, atTarget] = await planned(
      example,
      ...["--true-win-rate", "50%,55%,60%", "--comparisons-per-hour", "60", "--runs", "400"],
    );
    // Three standard errors of 400 runs over the 5% promised.
    const most = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 400);
    expect(atMin).toMatchObject({ truth: 0.5, runs: 400, error: { outcome: "promoted", promised: 0.05 } });
    expect(atMin?.error?.rate).toBe(atMin?.promoted);
    expect(atMin?.promoted).toBeLessThan(most);
    expect(atMin?.rolledBack).toBeGreaterThan(1 - most);
    expect(between?.error).toBeNull();
    expect(atTarget).toMatchObject({ truth: 0.6, error: { outcome: "rolledBack" } });
    expect(atTarget?.error?.rate).toBe(atTarget?.rolledBackBy.winRate);
    expect(atTarget?.rolledBack).toBeLessThan(most);
    for (const { promoted, rolledBack, undecided } of [atMin, between, atTarget].flatMap((each) => each ?? []))
      expect(promoted + rolledBack + undecided).toBeCloseTo(1);
  });

  test("counts hours by the rate at which comparisons come, and no fewer than the steps last", async () => {
    const [slow] = await planned(example, "--true-win-rate", "30%", "--comparisons-per-hour", "60", "--runs", "50");
    const [quick] = await planned(example, "--true-win-rate", "90%", "--comparisons-per-hour", "6000", "--runs", "50");
    expect(slow?.meanHours).toBeCloseTo((slow?.meanComparisons ?? 0) / 60, 0);
    expect(quick?.promoted).toBe(1);
    expect(quick?.meanHours).toBeCloseTo(1, 2);
    expect(quick?.meanComparisons).toBeGreaterThan(5900);
  });

  test.each(["adopted", "istio"])("is the same whatever moves the traffic: %s", async (kind) => {
    const text = readFileSync(
      new URL(`../../../manifests/examples/preference-canary-${kind}.yaml`, import.meta.url),
      "utf8",
    );
    const [good] = await planned(text, "--true-win-rate", "90%", "--comparisons-per-hour", "60", "--runs", "10");
    expect(good?.promoted).toBe(1);
  });

  test("is the same for the same seed", async () => {
    const options = [...rates, "--runs", "30"];
    const first = await planned(example, ...options, "--seed", "5");
    expect(await planned(example, ...options, "--seed", "5")).toEqual(first);
    expect(await planned(example, ...options, "--seed", "6")).not.toEqual(first);
  });

  test("has what safety does with violations", async () => {
    const options = ["--true-win-rate", "70%", "--comparisons-per-hour", "60", "--runs", "40"];
    const [clean] = await planned(checkedExample, ...options);
    const [bad] = await planned(checkedExample, ...options, "--violation-rate", "10%", "--checks-per-hour", "30");
    expect(clean?.promoted).toBeGreaterThan(0.9);
    expect(bad?.rolledBackBy.safety).toBe(1);
  });

  test("has what users' ratings do, of which the candidate gets its share", async () => {
    const rated = checkedExample
      .replace("checks: {}", "ratings: {}")
      .replace(/safety: .*/, "regression: {maxDrop: 20%}")
      .replaceAll(/, minDuration: \w+/g, "");
    const options = ["--true-win-rate", "75%", "--comparisons-per-hour", "60", "--ratings-per-hour", "600"];
    const [same] = await planned(rated, ...options, "--runs", "20");
    const [worse] = await planned(
      rated,
      ...options,
      "--runs",
      "20",
      "--stable-approval-rate",
      "99%",
      "--approval-rate",
      "60%",
    );
    expect(same?.promoted).toBeGreaterThan(0.7);
    expect(worse?.rolledBackBy.regression).toBe(1);
  });

  test("waits for bets when comparisons come from a few prompts", async () => {
    const options = ["--true-win-rate", "55%", "--comparisons-per-hour", "60", "--runs", "20"];
    const [few] = await planned(example, ...options, "--units", "10", "--max-comparisons", "300");
    expect(few?.undecided).toBe(1);
  });

  test.each([
    ["unit: Rater, votesPerUnit: 2", 0],
    ["unit: Prompt, votesPerUnit: 3", 0],
    ["unit: Rater", 1],
  ])("has the bets of the canary's own units: %s", async (units, undecided) => {
    const counted = example.replace("dataset:", `${units}, dataset:`);
    const options = [
      "--true-win-rate",
      "70%",
      "--comparisons-per-hour",
      "600",
      "--runs",
      "5",
      "--max-comparisons",
      "900",
    ];
    const [few] = await planned(counted, ...options, "--units", undecided === 1 ? "5" : "150");
    expect(few?.undecided).toBe(undecided);
    expect(few?.promoted).toBe(1 - undecided);
  });

  test("finds the cohort that is harmed, while the error is about the mean of all", async () => {
    const guarded = example.replace(/( *)winRate: {}/, "$1winRate: {}\n$1cohorts: {names: [en, de]}");
    const options = ["--true-win-rate", "80%", "--comparisons-per-hour", "60", "--runs", "20"];
    const [harmed] = await planned(guarded, ...options, "--cohort-win-rate", "de=20%");
    expect(harmed).toMatchObject({ truth: 0.8, mean: 0.5, error: { outcome: "promoted" } });
    expect(harmed?.rolledBackBy.cohorts).toBeGreaterThan(0.5);
    const [all] = await planned(guarded, ...options);
    expect(all).not.toHaveProperty("mean");
    expect(all?.rolledBackBy.cohorts ?? 0).toBeLessThan(0.3);
    const { code, stderr } = await dpo(["plan", "-f", "-", ...options, "--cohort-win-rate", "fr=20%"], {
      stdin: guarded,
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('"fr=20%" is not a cohort of gates.cohorts')]);
  });

  test("gives each cohort of the canary's its share, at the same true win rate", async () => {
    const guarded = example.replace(/( *)winRate: {}/, "$1winRate: {}\n$1cohorts: {names: [en, de]}");
    const options = ["--comparisons-per-hour", "600", "--runs", "10", "--max-comparisons", "1500"];
    const [good, bad] = await planned(guarded, "--true-win-rate", "80%,20%", ...options);
    expect(good?.promoted).toBe(1);
    expect(bad?.rolledBack).toBe(1);
    const { stdout } = await dpo(["plan", "-f", "-", "--true-win-rate", "80%", ...options], { stdin: guarded });
    expect(stdout).toContain("Each cohort has as many as the others and the same true win rate.");
  });

  test("has no second vote where every comparison is of another unit: exit code 2", async () => {
    const second = example.replace("dataset:", "votesPerUnit: 2, dataset:");
    const { code, stderr } = await dpo(["plan", "-f", "-", ...rates], { stdin: second });
    expect([code, stderr]).toEqual([2, expect.stringContaining("--units is missing: the canary counts vote number 2")]);
  });

  test("is a table for people, with the promise beside the error", async () => {
    const { stdout } = await dpo(["plan", "-f", "-", ...rates, "--runs", "20"], { stdin: example });
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("20 runs of summarizer a line, with 60 comparisons an hour, each of another prompt.");
    expect(lines[2]).toMatch(/^TRUE WIN RATE {2}PROMOTED {2}ROLLED BACK {2}UNDECIDED {2}COMPARISONS/);
    expect(lines[6]).toMatch(/^At 50%: \d+% promoted although at or under min, an error: at most 5% is promised\.$/);
    expect(lines[7]).toMatch(/^At 60%: \d+% rolled back by winRate although at or over target, an error: at most 5%/);
  });
});

describe("the canary of a file", () => {
  const options = [...rates, "--runs", "2"];

  test("is found among other documents and in a List", async () => {
    expect(await planned(`kind: Secret\n---\n${example}\n---\n# nothing\n`, ...options)).toHaveLength(2);
    const items = `apiVersion: v1\nkind: List\nitems:\n- ${example
      .replace(/^#.*\n/, "")
      .trimEnd()
      .replaceAll("\n", "\n  ")}\n`;
    expect(await planned(items, ...options)).toHaveLength(2);
  });

  test("is named where there are several", async () => {
    const both = `${example}\n---\n${checkedExample}`;
    expect(await planned(both, ...options, "assistant")).toHaveLength(2);
    const { code, stderr } = await dpo(["plan", "-f", "-", ...options], { stdin: both });
    expect([code, stderr]).toEqual([
      1,
      "error: - holds several: name one of PreferenceCanary summarizer, PreferenceCanary assistant\n",
    ]);
  });

  test.each([
    ["no canary", "kind: Pod\napiVersion: v1\nmetadata: {name: a}\n", "holds no PreferenceCanary, but Pod a"],
    ["no object", "just text", "no Kubernetes object at all"],
    ["no YAML", "a: [1\nb: {", /line \d/],
    ["another version", example.replace("v1alpha1", "v2"), "apiVersion is dpo.dev/v2, and should be dpo.dev/v1alpha1"],
    [
      "a wrong value",
      example.replace("weight: 50", "weight: 101"),
      "PreferenceCanary summarizer: spec.steps[1].weight: ",
    ],
    ["a rate without percent", example.replace("winRate: {}", "winRate: {min: 0.5}"), "spec.gates.winRate.min: "],
    ["a misspelt field", example.replace("minDuration", "minDuratoin"), "there is no field spec.steps[1].minDuratoin"],
    ["crossed thresholds", example.replace("winRate: {}", "winRate: {min: 70%}"), "spec.gates: "],
    [
      "gates that nobody can pass",
      example.replace("winRate: {}", "winRate: {maxSamples: 3}"),
      "gates.winRate can never pass: with every one of them for the candidate it takes 8 comparisons",
    ],
    ["a suspended canary", `${example.trimEnd()}\n  suspend: true\n`, "spec.suspend is true"],
  ])("%s: exit code 1, one line that says where", async (_, stdin, message) => {
    const { code, stdout, stderr } = await dpo(["plan", "-f", "-", ...options], { stdin });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("is read from where the user stands", async () => {
    const cwd = folderWith({ "canary.yaml": example });
    expect(await dpo(["plan", "-f", "canary.yaml", ...options], { cwd })).toMatchObject({ code: 0 });
    expect(await dpo(["plan", "-f", "other.yaml", ...options], { cwd })).toMatchObject({ code: 1 });
  });
});

describe("a wrong command line: exit code 2", () => {
  test.each([
    [["--true-win-rate", "50%"], "--comparisons-per-hour is missing"],
    [["--comparisons-per-hour", "60"], "--true-win-rate is missing"],
    [["--true-win-rate", "50,60", "--comparisons-per-hour", "60"], '"50" is not a percentage'],
    [[...rates, "--comparisons-per-hour", "0"], "is not a number over 0"],
    [[...rates, "--runs", "0"], "--runs"],
    [[...rates, "--violation-rate", "x"], "--violation-rate"],
    [[...rates, "one", "two"], "one NAME"],
  ])("%j", async (args, message) => {
    const { code, stderr } = await dpo(["plan", "-f", "-", ...args], { stdin: example });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test("without a file", async () => {
    expect(await dpo(["plan", ...rates])).toMatchObject({ code: 2, stderr: expect.stringContaining("-f CANARY.yaml") });
  });
});

describe("help", () => {
  test.each(["replay", "plan", "explain"])("%s --help says its usage and an example", async (name) => {
    const { code, stdout } = await dpo([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: dpo ${name} `));
    expect(stdout).toContain(`Example: dpo ${name} `);
  });

  test("without a command lists them", async () => {
    expect(await dpo(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("replay") });
    expect(await dpo([])).toMatchObject({ code: 2, stderr: expect.stringContaining("replay, plan, explain") });
    expect(await dpo(["constructor"])).toMatchObject({ code: 2 });
  });
});
