/** @import { BlindPair } from "../../api/contracts/collector-api.ts" */
/** @import { Action, State } from "./rater.js" */
import { element } from "./element.js";
import { actionOf } from "./keys.js";
import { announcementOf, emptyOf, noticeOf, progressOf } from "./words.js";

/** A second click of a double click, or a key pressed twice, does not judge a pair that nobody has seen. */
const SETTLE_MS = 300;

const SCROLLS = "#pair, #pair section";
const PARTS = /** @type {const} */ (["prompt", "a", "b"]);

/**
 * The screen on which pairs are judged. All texts are set as text: nothing in them is markup.
 *
 * @param {(action: Action) => void} act
 */
export function createJudging(act) {
  const screen = element("judging");
  const buttons = [...element("choices").querySelectorAll("button")];
  const change = element("change");
  /** The lease of the pair that is shown; empty for none. */
  let shown = "";
  let isOpen = false;

  /** @param {boolean} open */
  function setOpen(open) {
    isOpen = open;
    // Not "disabled", which would take the focus away.
    for (const button of buttons) button.setAttribute("aria-disabled", String(!open));
  }

  /** @param {Action} action */
  function choose(action) {
    if (isOpen || action === "Change") act(action);
  }

  for (const button of buttons) {
    button.addEventListener("click", () => choose(/** @type {Action} */ (button.value)));
  }
  change.addEventListener("click", () => choose("Change"));
  document.addEventListener("keydown", (event) => {
    const action = actionOf(event);
    if (action === undefined || screen.hidden || isForSomethingElse(event)) return;
    event.preventDefault();
    choose(action);
  });

  return {
    /** @param {State} state */
    show(state) {
      const pair = state.sitting.current?.pair;
      const instead = pair === undefined ? emptyOf(state) : "";
      element("progress").textContent = progressOf(state);
      element("empty").textContent = instead;
      setText("notice", noticeOf(state));
      setText("announcement", pair === undefined ? instead : `${announcementOf(state)} ${pair.prompt.slice(0, 300)}`);
      change.setAttribute("aria-disabled", String(state.sitting.last === null));
      if (shown === (pair?.lease ?? "")) return;
      shown = pair?.lease ?? "";
      showTexts(pair);
      setOpen(false);
      if (pair !== undefined) setTimeout(() => setOpen(true), SETTLE_MS);
    },
    /** @param {boolean} visible */
    setVisible(visible) {
      screen.hidden = !visible;
    },
  };
}

/** @param {BlindPair | undefined} pair */
function showTexts(pair) {
  for (const part of PARTS) element(part).textContent = pair?.[part] ?? "";
  for (const place of document.querySelectorAll(SCROLLS)) {
    place.scrollTop = 0;
    // A text that is longer than its place can be scrolled by keys, in every browser.
    if (place.scrollHeight > place.clientHeight) place.setAttribute("tabindex", "0");
    else place.removeAttribute("tabindex");
  }
}

/**
 * A live region that is set to what it says already would be read again.
 *
 * @param {string} id
 * @param {string} text
 */
function setText(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

/**
 * Whether the key is for the instructions that are open, or for a long text that is being scrolled.
 *
 * @param {KeyboardEvent} event
 */
function isForSomethingElse({ key, target }) {
  if (document.querySelector("dialog[open]") !== null) return true;
  return key === "ArrowDown" && target instanceof HTMLElement && target.matches(`:is(${SCROLLS})[tabindex]`);
}
