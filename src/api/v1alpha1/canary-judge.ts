import * as z from "zod";
import { objectName } from "./object.ts";

/**
 * The key of the Secret's data. It is no choice of the canary's: whoever may write one could have any secret of the namespace
 * sent to a server of theirs.
 */
export const JUDGE_SECRET_KEY = "judgeApiKey";

export const Judge = z
  .object({
    name: objectName(
      "Name of the judge. With the model's it stands as labeler with each of its choices (judge:NAME:MODEL), so give it another one when its instructions change.",
    ),
    url: z
      .string()
      .max(500)
      .regex(/^https?:\/\/[^/?#\s]+(\/[^?#\s]*)?$/)
      .describe('Where the model is served, by an OpenAI-compatible API: "https://llm.example.com/v1".'),
    model: z.string().min(1).max(128).describe("The model, by the name that its server has for it."),
    instructions: z
      .string()
      .min(1)
      .max(4000)
      .exactOptional()
      .describe(
        "What makes an answer the better one, in words. How the judge has to say which it is is added; a text that is about help, truth and brevity stands there where unset.",
      ),
    secretRef: z
      .object({ name: objectName("Name of the Secret, in the same namespace.", 253) })
      .exactOptional()
      .describe(
        `The Secret whose key ${JUDGE_SECRET_KEY} is the API key, sent as Bearer token; none where unset. A new one is read when the judge restarts.`,
      ),
  })
  .describe(
    "A model that judges the pairs, in both orders: an answer that it prefers in one of them alone is a tie. The promised error rates are then about what this judge prefers, and not about people.",
  );
export type Judge = z.infer<typeof Judge>;
