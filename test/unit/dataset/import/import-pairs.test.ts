import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Columns, parseColumns } from "../../../../src/dataset/import/columns.ts";
import { importPairs } from "../../../../src/dataset/import/import-pairs.ts";
import { sharedData } from "../../../shared-data.ts";

const pair = { prompt: "Why?", chosen: "Because.", rejected: "No idea." };
const user = { role: "user", content: "Why?" };

function imported(text: string, columns?: Columns) {
  return importPairs(Buffer.from(text), columns);
}

/** What is left of the one record of a file. */
function only(row: object, columns?: Columns) {
  const { records, bad } = imported(JSON.stringify(row), columns);
  expect(bad).toEqual([]);
  return records[0]?.record;
}

function badOf(row: object, columns?: Columns) {
  return imported(JSON.stringify(row), columns).bad[0];
}

describe("shapes of a file", () => {
  const second = { ...pair, prompt: "And why?" };
  test.each([
    ["JSONL", `${JSON.stringify(pair)}\n\n${JSON.stringify(second)}\n`, [1, 3]],
    ["JSONL with CRLF and no last line feed", `${JSON.stringify(pair)}\r\n${JSON.stringify(second)}`, [1, 2]],
    ["JSONL with a byte order mark", `\ufeff${JSON.stringify(pair)}\n${JSON.stringify(second)}`, [1, 2]],
    ["an array on one line", JSON.stringify([pair, second]), [1, 1]],
    ["an array of indented objects", JSON.stringify([pair, second], null, 2), [2, 7]],
    [
      "an array that holds brackets and quotes",
      ` [${JSON.stringify({ ...pair, prompt: '[{"\\",' })},\n${JSON.stringify(second)} ]\n`,
      [1, 2],
    ],
  ])("%s is read, each record with its line", (_, text, lines) => {
    for (const content of [Buffer.from(text), gzipSync(text)]) {
      const { records, bad } = importPairs(content);
      expect(bad).toEqual([]);
      expect(records.map((entry) => entry.line)).toEqual(lines);
      expect(records[1]?.record.prompt).toBe("And why?");
    }
  });

  test("an array and the same lines give the same records, whatever the texts hold", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(fc.array(fc.record({ prompt: text, chosen: text, rejected: text })), (rows) => {
        const records = imported(rows.map((row) => JSON.stringify(row)).join("\n")).records.map(({ record }) => record);
        expect(imported(JSON.stringify(rows, null, 1)).records.map(({ record }) => record)).toEqual(records);
      }),
    );
  });

  test("an empty file and an empty array hold nothing", () => {
    expect([imported(""), imported("[]"), imported(" [ ]\n")]).toEqual(Array(3).fill({ records: [], bad: [] }));
  });
});

describe("bad lines", () => {
  test.each([
    ["NotJson", '{"prompt": "Why?",'],
    ["NotAnObject", '"text"'],
    ["MissingColumn", '{"prompt": "Why?", "chosen": "Because."}'],
    ["EmptyChosen", JSON.stringify({ ...pair, chosen: " \n" })],
    ["ChosenEqualsRejected", JSON.stringify({ ...pair, rejected: " Because." })],
    ["NotText", JSON.stringify({ ...pair, chosen: 42 })],
    ["TooLong", JSON.stringify({ ...pair, chosen: "x".repeat(100_001) })],
    ["NotAccepted", JSON.stringify({ ...pair, labeledAt: "yesterday" })],
  ])("%s is named by its line and loses nothing else", (reason, line) => {
    const { records, bad } = imported(
      `${JSON.stringify(pair)}\n${line}\n${JSON.stringify({ ...pair, prompt: "How?" })}\n`,
    );
    expect(bad).toMatchObject([{ line: 2, reason }]);
    expect(records.map((entry) => entry.line)).toEqual([1, 3]);
  });

  test.each([
    ["a quote", '{"prompt": "Why?, "chosen": "a", "rejected": "b"},'],
    ["a closing bracket", '{"prompt": "Why?", "chosen": "a", "rejected": "b",'],
    ["a comma", '{"prompt": "Why?" "chosen": "a", "rejected": "b"},'],
    ["an opening bracket", '"prompt": "Why?", "chosen": "a", "rejected": "b"},'],
  ])("an element of an array that lacks %s loses nothing else", (_, broken) => {
    const nested = {
      chosen: [user, { role: "assistant", content: "a" }],
      rejected: [user, { role: "assistant", content: "b" }],
    };
    const good = JSON.stringify([pair, nested], null, 2).slice(1, -2);
    const { records, bad } = imported(`[${good},\n  ${broken}${good}\n]`);
    expect(records.map(({ record }) => record.chosen)).toEqual(["Because.", "a", "Because.", "a"]);
    expect(new Set(bad.map(({ line }) => line))).toEqual(new Set([29]));
  });

  test("text that is not UTF-8 is refused, not mangled", () => {
    const latin = Buffer.from(`${JSON.stringify({ ...pair, prompt: "Größe?" })}\n`, "latin1");
    const { records, bad } = importPairs(Buffer.concat([latin, Buffer.from(JSON.stringify(pair))]));
    expect(bad).toMatchObject([{ line: 1, reason: "NotUtf8" }]);
    expect(records).toHaveLength(1);
  });

  test("a column that is not there is said with those that are", () => {
    expect(badOf({ question: "Why?", chosen: "a", rejected: "b" }, { prompt: ["instruction"] })?.message).toBe(
      'has no column "instruction", but question, chosen, rejected',
    );
  });
});

describe("columns", () => {
  test("may have other names, and a prompt may come from several", () => {
    const row = {
      instruction: "Translate.",
      input: "Hund",
      good: "dog",
      bad: "cat",
      who: 7,
      ts: "2026-03-01T10:00:00+01:00",
      topic: "de",
    };
    const columns = parseColumns(
      "prompt=instruction+input, chosen=good, rejected=bad, labeler=who, labeledAt=ts, cohort=topic",
    );
    expect(only(row, columns)).toMatchObject({
      prompt: "Translate.\n\nHund",
      chosen: "dog",
      rejected: "cat",
      labeler: "7",
      labeledAt: "2026-03-01T09:00:00.000Z",
      cohort: "de",
    });
    expect(only({ ...row, input: "" }, columns)?.prompt).toBe("Translate.");
  });

  test.each([
    ["instruction=prompt", '"instruction" is none of prompt, chosen, rejected'],
    ["prompt", '"prompt" must be <field>=<column>'],
    ["prompt=a=b", '"prompt=a=b" must be <field>=<column>'],
  ])("%s is refused: %s", (text, message) => {
    expect(() => parseColumns(text)).toThrow(message);
  });
});

describe("conversations", () => {
  test("as message lists with a prompt", () => {
    const answers = {
      chosen: [{ role: "assistant", content: "Because." }],
      rejected: [{ role: "assistant", content: "No." }],
    };
    expect(only({ prompt: [user], ...answers })).toMatchObject({ prompt: "Why?", chosen: "Because.", rejected: "No." });
  });

  test("as whole message lists, the prompt implied or repeated", () => {
    const first = [{ role: "system", content: "Be kind." }, user];
    const row = {
      chosen: [...first, { role: "assistant", content: "Because." }],
      rejected: [...first, { role: "assistant", content: "No." }],
    };
    expect(only(row)).toMatchObject({ prompt: "system: Be kind.\n\nuser: Why?", chosen: "Because.", rejected: "No." });
    expect(only({ prompt: "Why?", ...row })).toMatchObject({ prompt: "Why?", chosen: "Because.", rejected: "No." });
  });

  test("as transcripts, cut where the answers begin and not where they part", () => {
    const start = "\n\nHuman: Hello\n\nAssistant: Hi\n\nHuman: Why?\n\nAssistant:";
    expect(only({ chosen: `${start} I think so.`, rejected: `${start} I think not.` })).toMatchObject({
      prompt: start,
      chosen: " I think so.",
      rejected: " I think not.",
    });
  });

  test.each([
    // TRL, tests/test_data_utils.py: the space before the answers belongs to them.
    ["The sky is blue.", "The sky is green.", { prompt: "The sky is", chosen: " blue.", rejected: " green." }],
    ["Sky:😀", "Sky:😁", { prompt: "Sky:", chosen: "😀", rejected: "😁" }],
  ])("as plain texts %j and %j, cut where they part", (chosen, rejected, expected) => {
    expect(only({ chosen, rejected })).toMatchObject(expected);
  });

  test("are not read into answers that stand beside something else that could be the prompt", () => {
    expect(badOf({ instruction: "Say it.", chosen: "The sky.", rejected: "The sea." })).toMatchObject({
      reason: "NoPrompt",
      message: 'has no column "prompt", but instruction, chosen, rejected: name it with --columns prompt=<column>',
    });
  });
});

test("what the collector says was chosen to learn from stays so", () => {
  expect(only({ ...pair, training: true })?.training).toBe(true);
  expect(only({ ...pair, training: "yes" })?.training).toBeUndefined();
});

describe("ids", () => {
  test("are the content's: a file imported again adds nothing", () => {
    expect(only(pair)?.id).toBe(only({ rejected: pair.rejected, chosen: pair.chosen, prompt: pair.prompt })?.id);
    expect(only(pair)?.id).not.toBe(only({ ...pair, labeler: "ada" })?.id);
  });
});

const instructions = sharedData("instruction-preferences/pairs.json");
const transcripts = sharedData("hh-rlhf/harmless-base-test.jsonl.gz");

describe("real data", () => {
  test.skipIf(instructions === undefined)("1,100 instruction pairs: 6 of them prefer nothing", () => {
    const { records, bad } = importPairs(readFileSync(instructions ?? ""), parseColumns("prompt=instruction+input"));
    expect(records).toHaveLength(1094);
    expect(bad.map(({ reason }) => reason)).toEqual(Array(6).fill("ChosenEqualsRejected"));
  });

  test.skipIf(transcripts === undefined)(
    "2,312 transcripts: prompt and answer together are the whole, 4 answers are empty",
    () => {
      const content = readFileSync(transcripts ?? "");
      const { records, bad } = importPairs(content);
      expect(bad).toMatchObject([87, 517, 926, 1104].map((line) => ({ line, reason: "EmptyChosen" })));
      expect(records).toHaveLength(2308);
      const originals = linesOf(content);
      for (const { line, record } of records) {
        expect([record.prompt + record.chosen, record.prompt + record.rejected]).toEqual(originals[line - 1]);
        expect(record.prompt.endsWith("\n\nAssistant:")).toBe(true);
      }
    },
  );
});

function linesOf(content: Buffer): string[][] {
  const lines = gunzipSync(content).toString("utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const { chosen, rejected } = JSON.parse(line);
    return [chosen, rejected];
  });
}
