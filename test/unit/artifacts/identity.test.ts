import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, type JsonValue } from "../../../src/artifacts/canonical-json.ts";
import { digestSchema } from "../../../src/artifacts/digest.ts";
import { rowId, splitDigest } from "../../../src/artifacts/snapshot-row.ts";
import { formatUri, parseUri } from "../../../src/artifacts/uri.ts";

const hex = "ab".repeat(32);

describe("canonicalJson", () => {
  test("sorts keys at every depth and writes no white space", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "é" }], a: 1e21, "a b": -0 })).toBe(
      '{"a":1e+21,"a b":0,"b":[1,{"c":"é","d":null}]}',
    );
  });

  test("gives the same text for the same value however it is put together", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const backwards = Object.fromEntries(Object.entries(value).toReversed());
        return canonicalJson(backwards as JsonValue) === canonicalJson(value as JsonValue);
      }),
    );
  });

  test("reads back as the value it was", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as JsonValue);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses %s", (value) => {
    expect(() => canonicalJson({ value })).toThrow("only finite numbers");
  });
});

describe("a row id", () => {
  // Computed with json.dumps and hashlib of Python. Stored snapshots are named by these: a change here makes every one of them unreadable.
  test.each([
    [
      { prompt: "p", chosen: "c", rejected: "r", labeler: null, labeledAt: null, cohort: null },
      "60519daf5add6b05ea8c1003093eaab7faea5f26f6c7a8f192e6a8a13d800296",
    ],
    [
      {
        prompt: 'Größe "?"\n',
        chosen: "\u2028😀",
        rejected: "\u0001\\",
        labeler: "ada",
        labeledAt: "2026-03-01T09:00:00.120Z",
        cohort: "de",
      },
      "3dc1f0aa5d2766a5212d28d53887e8b01aa4eb047432f424faa3aa1b92fd0ba4",
    ],
  ])("is golden for %j", (row, id) => {
    expect(rowId(row)).toBe(id);
  });

  test("keeps apart what a separator would join", () => {
    const rest = { rejected: "r", labeler: null, labeledAt: null, cohort: null };
    expect(rowId({ prompt: 'a","b', chosen: "c", ...rest })).not.toBe(rowId({ prompt: "a", chosen: 'b","c', ...rest }));
  });

  test("makes a split's digest that does not depend on order", () => {
    expect(splitDigest(["b", "a", "c"])).toBe(splitDigest(["c", "b", "a"]));
    expect(splitDigest([])).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("names", () => {
  test("a URI names claim and digest and reads back", () => {
    const location = { claim: "prefs-2026", digest: digestSchema.parse(`sha256:${hex}`) };
    expect(formatUri(location)).toBe(`pvc://prefs-2026/sha256/${hex}`);
    expect(parseUri(formatUri(location))).toEqual(location);
  });

  test.each([
    `pvc://prefs/sha256/${hex}/train.parquet`,
    `pvc:///sha256/${hex}`,
    `pvc://../sha256/${hex}`,
    `pvc://prefs/sha256/${hex.toUpperCase()}`,
    "s3://bucket/model",
  ])("refuses the URI %s and says the form", (uri) => {
    expect(() => parseUri(uri)).toThrow("write pvc://<claim>/sha256/<64 hex digits>");
  });

  test.each([`sha256:${hex}0`, hex, `sha512:${hex}`, `sha256:${hex.toUpperCase()}`])(
    "refuses the digest %s",
    (text) => {
      expect(digestSchema.safeParse(text).success).toBe(false);
    },
  );
});
