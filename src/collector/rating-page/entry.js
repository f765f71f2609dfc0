/** @import { Identity } from "./memory.js" */
import { accessIn } from "./access.js";
import { element } from "./element.js";

/** @typedef {keyof Identity} Field */

/** @type {readonly Field[]} */
export const FIELDS = ["labeler", "token", "namespace", "dataset"];

/**
 * The screen that asks a rater for what the link has not said.
 *
 * @param {(identity: Identity) => void} enter
 */
export function createEntry(enter) {
  const screen = element("entry");

  screen.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const [labeler = "", token = "", namespace = "", dataset = ""] = FIELDS.map((field) => input(field).value.trim());
    enter({ labeler, token, namespace, dataset });
  });
  input("token").addEventListener("input", () => {
    // People are given links; who is asked for the token pastes the whole of one.
    for (const [field, value] of Object.entries(accessIn(input("token").value))) input(field).value = value;
  });

  return {
    /**
     * Asks for these fields; the others stay as they are known.
     *
     * @param {Partial<Identity>} known
     * @param {readonly Field[]} asked
     * @param {string} why Empty at the beginning.
     */
    ask(known, asked, why) {
      for (const field of FIELDS) {
        input(field).value = known[field] ?? "";
        input(field).required = asked.includes(field);
        element(`${field}-field`).hidden = !asked.includes(field);
      }
      element("why").textContent = why;
      screen.hidden = false;
      const [first] = asked;
      if (first !== undefined) input(first).focus();
    },
    hide() {
      screen.hidden = true;
    },
  };
}

/** @param {string} field */
function input(field) {
  return /** @type {HTMLInputElement} */ (element(field));
}
