/** @import { Access } from "./access.js" */
/** @import { Sitting } from "./sitting.js" */
import { NEW_SITTING } from "./sitting.js";

/** @typedef {Access & { labeler: string }} Identity */

/**
 * What a tab remembers while it is open, through being loaded again, and no other tab knows. A browser that keeps
 * nothing (or has no room for long texts) loses what is in hand when the page is loaded again, and nothing else.
 */
export const memory = {
  /** @returns {Partial<Identity>} */
  identity() {
    return read("identity") ?? {};
  },
  /** @param {Partial<Identity>} identity */
  keepIdentity(identity) {
    write("identity", identity);
  },
  /**
   * @param {Identity} of
   * @returns {Sitting}
   */
  sitting(of) {
    return { ...NEW_SITTING, ...read(nameOf(of)) };
  },
  /**
   * @param {Identity} of
   * @param {Sitting} sitting
   */
  keepSitting(of, sitting) {
    // Choices first: pairs may be too long to be kept, and a choice must not be lost for that.
    write(nameOf(of), { ...sitting, current: null, ahead: [], last: null });
    write(nameOf(of), sitting);
  },
};

/**
 * Another dataset's pairs and choices wait until the tab is back there.
 *
 * @param {Identity} of
 */
function nameOf({ namespace, dataset, labeler }) {
  return `sitting of ${labeler} in ${namespace}/${dataset}`;
}

/** @param {string} name */
function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {object} value
 */
function write(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // It is kept in memory all the same.
  }
}
