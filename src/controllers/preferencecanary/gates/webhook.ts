import * as z from "zod";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { assessWebhook, emptyWebhook, foldWebhook, type WebhookState } from "../../../gates/webhook.ts";
import { defineGate, type Gate, type GateStatus, type Kept, numbersOf } from "./gate.ts";
import { readCrossing, writeCrossing } from "./two-thresholds.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["webhook"]>;

/** From the answers of an endpoint. */
export function webhookGate(settings: Settings): Gate {
  return defineGate<WebhookState, "answers">({
    name: "webhook",
    numbers: numbersOf(settings),
    stream: "answers",
    counts: ({ said }) => said?.type === "Webhook",
    fold: (state, { sequence, said }) => (said?.type === "Webhook" ? foldWebhook(state, { ...said, sequence }) : state),
    read: readState,
    write: writeState,
    isReadable: ({ state, samples }) => samples === 0 || readLast(state) !== undefined,
    samples: ({ tally }) => tally.samples,
    retry: () => emptyWebhook,
    assess: (state, problem) => assessWebhook(settings.endpoint, state, problem),
  });
}

const Last = z.object({ verdict: z.enum(["Pass", "Fail", "Undecided"]), message: z.string() });

function readState({ samples, sum, state, failedAt }: Kept = { samples: 0, sum: "0" }): WebhookState {
  const last = readLast(state);
  return {
    tally: { samples, sum: Number(sum) },
    ...(last && { last }),
    ...(failedAt && { failedAt: readCrossing(failedAt) }),
  };
}

function readLast(text: GateStatus["state"]): WebhookState["last"] {
  try {
    return Last.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}

function writeState({ tally, last, failedAt }: WebhookState): Kept {
  return {
    samples: tally.samples,
    sum: String(tally.sum),
    ...(last && { state: JSON.stringify(last) }),
    ...(failedAt && { failedAt: writeCrossing(failedAt) }),
  };
}
