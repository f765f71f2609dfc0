import { expect, test } from "vitest";
import { replyOf } from "../../../../src/collector/rating-page/collector.js";

const refusal = (message: string) => JSON.stringify({ error: { reason: "R", message } });
const batch = { error: { reason: "LeaseLost", message: "lost" }, results: [], rejected: [{ index: 0 }] };

test.each([
  ["an answer", 200, `{"pairs":[]}`, { kind: "Done", body: { pairs: [] } }],
  ["choices none of which is stored", 422, JSON.stringify(batch), { kind: "Done", body: batch }],
  ["a name that cannot be", 422, refusal("must be a Kubernetes name"), { kind: "Refused" }],
  ["an expired token", 401, refusal("the token is expired"), { kind: "NoAccess", message: "the token is expired" }],
  ["another namespace's token", 403, refusal("no"), { kind: "NoAccess", message: "no" }],
  ["a token that could not be looked up", 503, refusal("later"), { kind: "Away", message: "later" }],
  ["a gateway without a collector", 503, "no healthy upstream", { kind: "Away", message: "it answers with HTTP 503" }],
  ["a gateway without a route", 404, "", { kind: "Away", message: "it answers with HTTP 404" }],
  ["a page of somebody between", 200, "<html>", { kind: "Away", message: "it answers with HTTP 200" }],
])("%s", (_what, status, text, reply) => {
  expect(replyOf(status, text)).toMatchObject(reply);
});
