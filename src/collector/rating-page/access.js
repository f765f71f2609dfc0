/**
 * Where a rater judges, and the Kubernetes token that allows it.
 *
 * @typedef {object} Access
 * @property {string} namespace
 * @property {string} dataset
 * @property {string} token
 */

const FIELDS = /** @type {const} */ (["namespace", "dataset", "token"]);

/**
 * What a link carries behind its #, which browsers send to no server. Nothing in a text without one.
 *
 * @param {string} link A whole one, or from the # on.
 * @returns {Partial<Access>}
 */
export function accessIn(link) {
  const [, fragment = ""] = link.split("#");
  const given = new URLSearchParams(fragment);
  return Object.fromEntries(
    FIELDS.flatMap((field) => {
      const value = given.get(field)?.trim();
      return value ? [[field, value]] : [];
    }),
  );
}
