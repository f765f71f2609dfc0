/** @import { BlindPair, Choice, PostItemsResponse } from "../../api/contracts/collector-api.ts" */

/**
 * A pair that is this rater's for a while. `until`: when the lease runs out, in milliseconds of this machine's clock,
 * which need not agree with the collector's.
 *
 * @typedef {object} Held
 * @property {BlindPair} pair
 * @property {number} until
 * @property {Said} [said] Absent until it was judged.
 */
/**
 * What this rater chose last of a pair, and how often that was changed: the first choice has version 1.
 *
 * @typedef {{ choice: Choice["choice"], version: number }} Said
 */

/**
 * What one rater has in hand. It is never changed in place, and a tab that is loaded again goes on with it.
 *
 * @typedef {object} Sitting
 * @property {Held | null} current The pair on the screen.
 * @property {readonly Held[]} ahead Pairs fetched early, so that nobody waits.
 * @property {readonly Choice[]} unsent Choices that the collector has not acknowledged.
 * @property {number} judged How many it has.
 * @property {Held | null} last The pair that was judged last, which can be judged again.
 */

/** @type {Sitting} */
export const NEW_SITTING = { current: null, ahead: [], unsent: [], judged: 0, last: null };

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
 * The choice waits to be sent. Its lease is its idempotency key: however often it is sent, one lease is one choice. A
 * later version has a key of its own, and where it says the same again there is nothing to send.
 *
 * @param {Sitting} sitting
 * @param {Choice["choice"]} choice
 * @param {string} labeler
 * @param {number} now
 * @returns {Sitting}
 */
export function chosen(sitting, choice, labeler, now) {
  const { current, unsent } = sitting;
  if (current === null) return sitting;
  if (current.said?.choice === choice) return skipped(sitting, now);
  const version = (current.said?.version ?? 0) + 1;
  const { id: pair, lease } = current.pair;
  const id = version === 1 ? lease : `${lease}/${version}`;
  const last = { ...current, said: { choice, version } };
  return advanced({ ...sitting, unsent: [...unsent, { id, pair, lease, labeler, choice }], last }, now);
}

/**
 * The pair that was judged last is on the screen again, and the one that was there comes after it.
 *
 * @param {Sitting} sitting
 * @returns {Sitting}
 */
export function reconsidered(sitting) {
  const { current, ahead, last } = sitting;
  if (last === null) return sitting;
  return { ...sitting, current: last, ahead: current === null ? ahead : [current, ...ahead], last: null };
}

/**
 * Without a choice: the lease runs out, and another rater gets the pair. One that was judged before stays as it was.
 *
 * @param {Sitting} sitting
 * @param {number} now
 * @returns {Sitting}
 */
export function skipped(sitting, now) {
  const { current, last } = sitting;
  return advanced({ ...sitting, last: current?.said === undefined ? last : current }, now);
}

/**
 * Whether it is the first of its pair, and not a correction.
 *
 * @param {Choice} choice
 */
export function isFirst({ id, lease }) {
  return id === lease;
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
    judged: sitting.judged + results.filter(({ index }) => sent[index] && isFirst(sent[index])).length,
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
