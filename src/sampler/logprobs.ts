import * as z from "zod";

/**
 * Of the tokens of an answer, or of a part of one, as OpenAI's chat and text completions have them: null unless they were
 * asked for. What cannot be read of them is not there, and the answer is one all the same.
 */
export const Logprobs = z
  .union([
    z
      .object({ content: z.array(z.object({ logprob: z.number() })) })
      .transform(({ content }) => content.map(({ logprob }) => logprob)),
    z
      .object({ token_logprobs: z.array(z.number().nullable()) })
      .transform(({ token_logprobs }) => token_logprobs.filter((logprob) => logprob !== null)),
  ])
  .nullish()
  .catch(null);

/** How unlikely the tokens of an answer were, put together as they come. */
export class Surprise {
  #nats = 0;
  #tokens = 0;

  add(logprobs: z.infer<typeof Logprobs>): void {
    if (!logprobs) return;
    this.#tokens += logprobs.length;
    for (const logprob of logprobs) this.#nats -= logprob;
  }

  /**
   * Nats a token: what one answer says of the model's predictive entropy for the prompt, length-normalised (Malinin and Gales
   * 2021). undefined where nothing is known of any token.
   */
  perToken(): number | undefined {
    const mean = this.#nats / this.#tokens;
    return Number.isFinite(mean) ? mean : undefined;
  }
}
