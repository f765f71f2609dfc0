import { expect, test } from "vitest";
import { assessWebhook, emptyWebhook, foldWebhook, type WebhookAnswer } from "../../../src/gates/webhook.ts";

function told(...answers: readonly (readonly [WebhookAnswer["verdict"], string])[]) {
  return answers.reduce(
    (state, [verdict, message], i) => foldWebhook(state, { sequence: i + 1, verdict, message }),
    emptyWebhook,
  );
}

test("what was said last holds until the next answer", () => {
  expect(assessWebhook("board", emptyWebhook)).toMatchObject({ verdict: "Undecided", samples: 0 });
  expect(assessWebhook("board", told(["Pass", ""]))).toMatchObject({ verdict: "Pass", samples: 1, sum: 1 });
  expect(assessWebhook("board", told(["Pass", ""], ["Undecided", "counting"]))).toEqual({
    verdict: "Undecided",
    samples: 2,
    sum: 1,
    message: "board said Undecided in its answer 2: counting",
  });
});

test("a Fail is final, and in its own words", () => {
  const state = told(["Pass", ""], ["Fail", "too costly"], ["Pass", "never mind"]);
  expect(assessWebhook("board", state, "down")).toMatchObject({
    verdict: "Fail",
    message: "board said Fail in its answer 2: too costly",
  });
  expect(state.failedAt).toEqual({ sequence: 2, samples: 2, sum: 1 });
});

test("silence is no Pass", () => {
  expect(assessWebhook("board", told(["Pass", "fine"]), "webhook board: it answered HTTP 500")).toMatchObject({
    verdict: "NoData",
    message: expect.stringContaining("it answered HTTP 500"),
  });
});
