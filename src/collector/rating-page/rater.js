/** @import { Choice } from "../../api/contracts/collector-api.ts" */
/** @import { Collector, Problem } from "./collector.js" */
/** @import { Sitting } from "./sitting.js" */
import { chosen, received, reconsidered, resumed, settled, skipped, wanted } from "./sitting.js";

/**
 * @typedef {object} Surroundings
 * @property {Collector} collector
 * @property {string} labeler
 * @property {Sitting} sitting What this rater has in hand from before.
 * @property {() => number} now Milliseconds.
 * @property {(milliseconds: number) => Promise<void>} sleep
 * @property {() => boolean} isWatched Whether somebody looks: pairs are not fetched for a tab in the background.
 * @property {(state: State) => void} changed
 * @property {(problem: Problem) => void} ended The collector takes no more from this rater; nothing is sent after it.
 */
/**
 * @typedef {object} State
 * @property {Sitting} sitting
 * @property {boolean} hasMore Whether the queue had all the pairs that were last asked for.
 * @property {string} away Why the collector is not reached just now; empty when it is.
 * @property {string} uncounted Why the last choice was not counted; empty when it was.
 */
/** @typedef {Choice["choice"] | "Skip" | "Change"} Action Change: the pair that was judged last is shown again. */

/** Long enough to judge what was fetched early; a pair that is skipped or left lying is another rater's after it. */
export const LEASE_SECONDS = 600;

const IDLE_MS = 5_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;

/**
 * Sends choices and fetches pairs for one rater, each in its own time, so that neither the rater nor the other of the
 * two waits. What fails is tried again until it succeeds.
 *
 * @param {Surroundings} surroundings
 */
export function createRater({ collector, labeler, sitting, now, sleep, isWatched, changed, ended }) {
  /** @type {State} */
  let state = { sitting: resumed(sitting, now()), hasMore: true, away: "", uncounted: "" };
  let isStopped = false;
  /** @type {Set<() => void>} */
  const sleepers = new Set();

  /** @param {Partial<State>} change */
  function become(change) {
    state = { ...state, ...change };
    if (!isStopped) changed(state);
  }

  /** @param {Problem} problem */
  function end(problem) {
    if (isStopped) return;
    isStopped = true;
    ended(problem);
  }

  /** @param {number} milliseconds */
  function pause(milliseconds) {
    /** @type {PromiseWithResolvers<void>} */
    const { promise, resolve } = Promise.withResolvers();
    sleepers.add(resolve);
    return Promise.race([sleep(milliseconds), promise]).finally(() => sleepers.delete(resolve));
  }

  /**
   * Says what is wrong; resolves when it is time to try again.
   *
   * @param {Problem} problem
   * @param {number} tries
   */
  async function overcome(problem, tries) {
    if (problem.kind !== "Away") return end(problem);
    become({ away: problem.message });
    await pause(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries));
  }

  const send = oneAtATime(async () => {
    let tries = 0;
    while (!isStopped && state.sitting.unsent.length > 0) {
      const { unsent } = state.sitting;
      const reply = await collector.send(unsent);
      if (reply.kind !== "Done") {
        await overcome(reply, tries++);
        continue;
      }
      tries = 0;
      const uncounted = reply.body.rejected.at(-1)?.message ?? "";
      become({ sitting: settled(state.sitting, unsent, reply.body), away: "", uncounted });
    }
  });

  const fetchPairs = oneAtATime(async () => {
    let tries = 0;
    while (!isStopped && isWatched() && wanted(state.sitting) > 0) {
      const count = wanted(state.sitting);
      const askedAt = now();
      const reply = await collector.lease(labeler, count, LEASE_SECONDS);
      if (reply.kind !== "Done") {
        await overcome(reply, tries++);
        continue;
      }
      tries = 0;
      const { pairs } = reply.body;
      const until = askedAt + LEASE_SECONDS * 1_000;
      const hasMore = pairs.length === count;
      become({ sitting: received(state.sitting, pairs, until, now()), hasMore, away: "" });
      if (!hasMore) await pause(IDLE_MS);
    }
  });

  /** @param {Action} action */
  function after(action) {
    if (action === "Change") return reconsidered(state.sitting);
    return action === "Skip" ? skipped(state.sitting, now()) : chosen(state.sitting, action, labeler, now());
  }

  return {
    /** Goes on: at the start, when a browser is online again, when somebody looks again. */
    wake() {
      become({});
      for (const rouse of sleepers) rouse();
      send();
      fetchPairs();
    },
    /** @param {Action} action */
    act(action) {
      become({ sitting: after(action), uncounted: "" });
      send();
      fetchPairs();
    },
    stop() {
      isStopped = true;
    },
  };
}

/**
 * Called again while it works, the work is not begun a second time: it looks for itself whether there is more to do.
 *
 * @param {() => Promise<void>} work
 */
function oneAtATime(work) {
  let isWorking = false;
  return async () => {
    if (isWorking) return;
    isWorking = true;
    await work().finally(() => {
      isWorking = false;
    });
  };
}
