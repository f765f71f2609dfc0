/** @import { Action } from "./rater.js" */

/** @type {ReadonlyMap<string, Action>} */
const ACTIONS = new Map([
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
]);

/**
 * What a pressed key means. One that is held down means it once, and shortcuts of the browser stay what they are.
 *
 * @param {Pick<KeyboardEvent, "key" | "repeat" | "ctrlKey" | "metaKey" | "altKey">} event
 */
export function actionOf({ key, repeat, ctrlKey, metaKey, altKey }) {
  return repeat || ctrlKey || metaKey || altKey ? undefined : ACTIONS.get(key);
}
