import { expect, test } from "vitest";
import { accessIn } from "../../../../src/collector/rating-page/access.js";

const ACCESS = { namespace: "team", dataset: "support", token: "eyJhbGciOi.eyJhdWQiOlsi.x-_" };
const FRAGMENT = "#namespace=team&dataset=support&token=eyJhbGciOi.eyJhdWQiOlsi.x-_";

test.each([
  ["a link", `https://raters.example.com/rate${FRAGMENT}`, ACCESS],
  ["a fragment", FRAGMENT, ACCESS],
  ["a fragment without all of it", "#namespace=team", { namespace: "team" }],
  ["a field that says nothing", "#namespace=+&dataset=support", { dataset: "support" }],
  ["a field that is none of ours", "#labeler=ann&token=t", { token: "t" }],
  ["a link without a fragment", "https://raters.example.com/rate?namespace=team&token=t", {}],
  ["a bare token", ACCESS.token, {}],
  ["nothing", "", {}],
])("%s", (_what, link, access) => {
  expect(accessIn(link)).toEqual(access);
});
