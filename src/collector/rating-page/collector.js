/** @import { BlindPair, Choice, PostItemsResponse } from "../../api/contracts/collector-api.ts" */
/** @import { Access } from "./access.js" */

/**
 * What came of a request: the answer, or why there is none. NoAccess: another token is needed. Refused: a name is
 * wrong. Away: the same request may succeed later.
 *
 * @template Body
 * @typedef {{ kind: "Done", body: Body } | Problem} Reply
 */
/** @typedef {{ kind: "NoAccess" | "Refused" | "Away", message: string }} Problem */

/**
 * @typedef {object} Collector
 * @property {(labeler: string, count: number, seconds: number) => Promise<Reply<{ pairs: BlindPair[] }>>} lease
 * @property {(choices: readonly Choice[]) => Promise<Reply<Items>>} send
 */
/** @typedef {Pick<PostItemsResponse, "results" | "rejected">} Items */

const PATIENCE_MS = 15_000;

/**
 * @param {Access} access
 * @returns {Collector}
 */
export function createCollector({ namespace, dataset, token }) {
  // Relative to the page, which may stand behind a gateway's path prefix.
  const base = `v1/namespaces/${encodeURIComponent(namespace)}/datasets/${encodeURIComponent(dataset)}`;

  /**
   * @param {string} path
   * @param {object} body
   * @returns {Promise<Reply<unknown>>}
   */
  async function post(path, body) {
    try {
      const response = await fetch(`${base}/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
        // A choice that was just made is still sent when the tab is closed. Browsers limit such bodies to 64 KB.
        keepalive: path === "choices",
      });
      return replyOf(response.status, await response.text());
    } catch {
      return { kind: "Away", message: "it does not answer" };
    }
  }

  return {
    lease: async (labeler, count, seconds) => shaped(await post("pairs/lease", { labeler, count, seconds }), hasPairs),
    send: async (choices) => shaped(await post("choices", { choices }), (body) => isBatchOf(body, choices.length)),
  };
}

/**
 * Reads a response. In between may be a gateway, which answers in words of its own.
 *
 * @param {number} status
 * @param {string} text
 * @returns {Reply<unknown>}
 */
export function replyOf(status, text) {
  const body = parsed(text);
  if (status === 200 && body !== undefined) return { kind: "Done", body };
  // None of the choices was stored, and the collector says for each one why.
  if (status === 422 && isBatch(body)) return { kind: "Done", body };
  const said = messageIn(body) ?? `it answers with HTTP ${status}`;
  if (status === 401 || status === 403) return { kind: "NoAccess", message: said };
  return { kind: status === 422 ? "Refused" : "Away", message: said };
}

/**
 * @template Body
 * @param {Reply<unknown>} reply
 * @param {(body: unknown) => body is Body} isExpected
 * @returns {Reply<Body>}
 */
function shaped(reply, isExpected) {
  if (reply.kind !== "Done") return reply;
  const { body } = reply;
  return isExpected(body) ? { kind: "Done", body } : { kind: "Away", message: "its answer is of another kind" };
}

/**
 * @param {unknown} body
 * @returns {body is { pairs: BlindPair[] }}
 */
function hasPairs(body) {
  return isObject(body) && Array.isArray(body.pairs);
}

/**
 * @param {unknown} body
 * @returns {body is Items}
 */
function isBatch(body) {
  return isObject(body) && Array.isArray(body.results) && Array.isArray(body.rejected);
}

/**
 * @param {unknown} body
 * @param {number} count
 * @returns {body is Items}
 */
function isBatchOf(body, count) {
  return isBatch(body) && body.results.length + body.rejected.length === count;
}

/** @param {unknown} body */
function messageIn(body) {
  const error = isObject(body) ? body.error : undefined;
  return isObject(error) && typeof error.message === "string" ? error.message : undefined;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
