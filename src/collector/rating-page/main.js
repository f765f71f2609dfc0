/** @import { Problem } from "./collector.js" */
/** @import { Identity } from "./memory.js" */
import { accessIn } from "./access.js";
import { createCollector } from "./collector.js";
import { element } from "./element.js";
import { createEntry, FIELDS } from "./entry.js";
import { createJudging } from "./judging.js";
import { memory } from "./memory.js";
import { createRater } from "./rater.js";
import { refusalOf } from "./words.js";

/** @type {ReturnType<typeof createRater> | undefined} */
let rater;
let unsent = 0;

const entry = createEntry(judge);
const judging = createJudging((action) => rater?.act(action));

/** Begins with what a link or this tab knows, and asks for the rest. */
function begin() {
  const identity = { ...memory.identity(), ...accessIn(location.hash) };
  // The token is nothing for the address bar, where people see it, nor for the history.
  history.replaceState(null, "", location.pathname);
  memory.keepIdentity(identity);
  if (isComplete(identity)) judge(identity);
  else
    ask(
      identity,
      FIELDS.filter((field) => !identity[field]),
      "",
    );
}

/** @param {Parameters<typeof entry.ask>} question */
function ask(...question) {
  rater?.stop();
  judging.setVisible(false);
  entry.ask(...question);
}

/** @param {Identity} identity */
function judge(identity) {
  rater?.stop();
  memory.keepIdentity(identity);
  const current = createRater({
    collector: createCollector(identity),
    labeler: identity.labeler,
    sitting: memory.sitting(identity),
    now: Date.now,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    isWatched: () => document.visibilityState === "visible",
    changed(state) {
      memory.keepSitting(identity, state.sitting);
      unsent = state.sitting.unsent.length;
      judging.show(state);
    },
    ended: (problem) => endBy(problem, identity),
  });
  rater = current;
  entry.hide();
  judging.setVisible(true);
  current.wake();
}

/**
 * @param {Problem} problem
 * @param {Identity} identity
 */
function endBy(problem, identity) {
  const { token: _refused, ...rest } = identity;
  if (problem.kind === "NoAccess") ask(rest, ["token"], refusalOf(problem));
  else ask(identity, FIELDS, refusalOf(problem));
}

/**
 * @param {Partial<Identity>} identity
 * @returns {identity is Identity}
 */
function isComplete(identity) {
  return FIELDS.every((field) => identity[field]);
}

const instructions = /** @type {HTMLDialogElement} */ (element("instructions"));
element("show-instructions").addEventListener("click", () => instructions.showModal());
window.addEventListener("hashchange", () => location.hash !== "" && begin());
window.addEventListener("online", () => rater?.wake());
document.addEventListener("visibilitychange", () => rater?.wake());
window.addEventListener("beforeunload", (event) => {
  if (unsent > 0) event.preventDefault();
});
begin();
