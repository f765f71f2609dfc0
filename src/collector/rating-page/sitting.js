/** @import { BlindPair, Choice, PostItemsResponse } from "../../api/contracts/collector-api.ts" */

/**
 * A pair that is this rater's for a while. `until`: when the lease runs out, in milliseconds of this machine's clock,
 * which need not agree with the collector's.
 *
 * @typedef {object} Held
 * @property {BlindPair} pair
 * @property {number} until
 */

/**
 * What one rater has in hand. It is never changed in place, and a tab that is loaded again goes on with it.
 *
 * @typedef {object} Sitting
 * @property {Held | null} current The pair on the screen.
 * @property {readonly Held[]} ahead Pairs fetched early, so that nobody waits.
 * @property {readonly Choice[]} unsent Choices that the collector has not acknowledged.
 * @property {number} judged How many it has.
 */

/** @type {Sitting} */
export const NEW_SITTING = { current: null, ahead: [], unsent: [], judged: 0 };

const AHEAD = 3;

/**
 * How many more pairs to fetch.
 *
 * @param {Sitting} sitting
 */
export function wanted({ current, ahead }) {
  return AHEAD - ahead.length + (current === null ? 1 : 0);
}

/**
 * @param {Sitting} sitting
 * @param {readonly BlindPair[]} pairs
 * @param {number} until
 * @param {number} now
 * @returns {Sitting}
 */
export function received(sitting, pairs, until, now) {
  const more = { ...sitting, ahead: [...sitting.ahead, ...pairs.map((pair) => ({ pair, until }))] };
  return sitting.current === null ? advanced(more, now) : more;
}

/**
 * What is still worth judging of what was in hand when the page was left.
 *
 * @param {Sitting} sitting
 * @param {number} now
 * @returns {Sitting}
 */
export function resumed(sitting, now) {
  const { current } = sitting;
  return current !== null && current.until > now ? sitting : advanced(sitting, now);
}

/**
 * The choice waits to be sent. Its lease is its idempotency key: however often it is sent, one lease is one choice.
 *
 * @param {Sitting} sitting
 * @param {Choice["choice"]} choice
 * @param {string} labeler
 * @param {number} now
 * @returns {Sitting}
 */
export function chosen(sitting, choice, labeler, now) {
  if (sitting.current === null) return sitting;
  const { id: pair, lease } = sitting.current.pair;
  return advanced({ ...sitting, unsent: [...sitting.unsent, { id: lease, pair, lease, labeler, choice }] }, now);
}

/**
 * Without a choice: the lease runs out, and another rater gets the pair.
 *
 * @param {Sitting} sitting
 * @param {number} now
 * @returns {Sitting}
 */
export function skipped(sitting, now) {
  return advanced(sitting, now);
}

/**
 * @param {Sitting} sitting
 * @param {readonly Choice[]} sent
 * @param {Pick<PostItemsResponse, "results" | "rejected">} answer
 * @returns {Sitting}
 */
export function settled(sitting, sent, { results, rejected }) {
  const answered = new Set([...results, ...rejected].map(({ index }) => sent[index]?.id));
  return {
    ...sitting,
    unsent: sitting.unsent.filter(({ id }) => !answered.has(id)),
    judged: sitting.judged + results.length,
  };
}

/**
 * A pair that waited here until its lease ran out is not begun: somebody else may have it by now.
 *
 * @param {Sitting} sitting
 * @param {number} now
 * @returns {Sitting}
 */
function advanced(sitting, now) {
  const [current = null, ...ahead] = sitting.ahead.filter(({ until }) => until > now);
  return { ...sitting, current, ahead };
}
