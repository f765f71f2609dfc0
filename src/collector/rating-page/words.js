/** @import { State } from "./rater.js" */
/** @import { Problem } from "./collector.js" */
import { isFirst } from "./sitting.js";

/** @param {State} state */
export function progressOf({ sitting: { judged, unsent, current, ahead }, hasMore }) {
  if (current?.said !== undefined) return `You chose ${current.said.choice}: choose again, or skip`;
  const done = judged + unsent.filter(isFirst).length;
  const left = (current === null ? 0 : 1) + ahead.length;
  const rest = hasMore
    ? "more are waiting"
    : left === 0
      ? "none is waiting"
      : left === 1
        ? "this is the last"
        : `${left} left`;
  return `${done} judged · ${rest}`;
}

/**
 * What is said to whoever does not see that the pair is another one.
 *
 * @param {State} state
 */
export function announcementOf(state) {
  return state.sitting.current?.said === undefined ? "Next pair." : `${progressOf(state)}.`;
}

/**
 * What stands in place of a pair.
 *
 * @param {State} state
 */
export function emptyOf({ hasMore, away }) {
  if (away !== "") return "The next pair comes as soon as the collector is back.";
  return hasMore
    ? "Fetching the next pair…"
    : "Nothing to judge just now. New pairs come as people ask; this page looks for them by itself.";
}

/**
 * A line below the pair; empty when all is well.
 *
 * @param {State} state
 */
export function noticeOf({ sitting: { unsent }, away, uncounted }) {
  if (away !== "") {
    const kept =
      unsent.length === 1
        ? " Your choice is kept here and sent again by itself: leave this tab open."
        : ` Your ${unsent.length} choices are kept here and sent again by themselves: leave this tab open.`;
    return `The collector cannot be reached: ${away}.${unsent.length === 0 ? "" : kept}`;
  }
  return uncounted === "" ? "" : `Your last choice did not count: ${uncounted}. There is nothing to do; just go on.`;
}

/**
 * Why a rater is asked for access again in the middle of their work.
 *
 * @param {Problem} problem
 */
export function refusalOf({ kind, message }) {
  return kind === "NoAccess"
    ? `You have no access: ${message}. Ask for a new link; what you chose is kept here.`
    : `The collector refuses this: ${message}.`;
}
