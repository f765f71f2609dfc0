import { expect, test } from "vitest";
import { actionOf } from "../../../../src/collector/rating-page/keys.js";

const alone = { repeat: false, ctrlKey: false, metaKey: false, altKey: false };

test.each([
  ["1", "A"],
  ["ArrowLeft", "A"],
  ["2", "B"],
  ["ArrowRight", "B"],
  ["0", "Tie"],
  ["ArrowDown", "Tie"],
  ["s", "Skip"],
  ["S", "Skip"],
  ["u", "Change"],
  ["U", "Change"],
  ["3", undefined],
  ["Enter", undefined],
  ["toString", undefined],
])("%s means %s", (key, action) => {
  expect(actionOf({ ...alone, key })).toBe(action);
});

test.each(["repeat", "ctrlKey", "metaKey", "altKey"])("a key with %s means nothing", (what) => {
  expect(actionOf({ ...alone, key: "1", [what]: true })).toBeUndefined();
});
