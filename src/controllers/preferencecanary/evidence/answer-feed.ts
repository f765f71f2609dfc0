import type { PrometheusClient } from "../../../evidence/prometheus.ts";
import type { WebhookClient } from "../../../evidence/webhook.ts";
import { keyString, type ObjectKey } from "../../../kube/object.ts";
import { type Clock, sleep } from "../../../runtime/clock.ts";
import type { Logger } from "../../../telemetry/logger.ts";
import { type AnswerFollower, createAnswerFollower, type Said, type Turn } from "./answer-follower.ts";
import type { Answer, Answers, Stream } from "./evidence.ts";
import type { MetricQuestion, Question, WebhookBody, WebhookQuestion } from "./questions.ts";

/**
 * Asks what canaries want to know, when it is due, and hands over what was said as numbered records. Reading never waits.
 * Nothing is lost with this process: what status has not folded is asked again, of Prometheus about the same moments.
 */
export interface AnswerFeed {
  /** What is known after each question's cursor. A question that is read no more is asked no more. */
  read(canary: ObjectKey, questions: readonly Question[]): Answers;
  forget(canary: ObjectKey): void;
  stop(): void;
}

/** Whom there is to ask. */
export interface Respondents {
  readonly prometheus: Pick<PrometheusClient, "query">;
  readonly webhooks: Pick<WebhookClient, "ask">;
}

export interface AnswerFeedOptions extends Respondents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to read. */
  readonly wake: (canary: ObjectKey) => void;
  /** Called with what was said, as it is said. */
  readonly heard: (canary: ObjectKey, question: Question, answers: readonly Answer[]) => void;
}

/** A question that is being asked. `about`: what an endpoint is told of the run at the next time. */
interface Asking {
  about: WebhookBody | undefined;
  readonly follower: AnswerFollower;
}

/** Moments that are asked about in one go, where many were missed. */
const PAGE = 50;

export function createAnswerFeed(options: AnswerFeedOptions): AnswerFeed {
  const { clock, logger, wake } = options;
  const canaries = new Map<string, Map<string, Asking>>();
  let isStopped = false;

  function begin(canary: ObjectKey, question: Question): Asking {
    const news = { about: aboutOf(question) };
    const follower = createAnswerFollower({
      cursor: question.cursor,
      async ask(turn) {
        const said =
          question.type === "Metric"
            ? await sample(question, turn, options)
            : await askEndpoint(question, () => news.about ?? question.about, turn, options);
        if (!turn.signal.aborted) options.heard(canary, question, said.answers);
        return said;
      },
      changed: () => wake(canary),
      clock,
      logger: logger.child({ canary: keyString(canary), gate: question.gate }),
    });
    return Object.assign(news, { follower });
  }

  function forget(canary: ObjectKey): void {
    for (const { follower } of canaries.get(keyString(canary))?.values() ?? []) follower.stop();
    canaries.delete(keyString(canary));
  }

  return {
    read(canary, questions) {
      if (isStopped) return {};
      const before = canaries.get(keyString(canary)) ?? new Map<string, Asking>();
      const now = new Map<string, Asking>();
      const answers: Record<string, Stream<Answer>> = {};
      for (const question of questions) {
        const key = identityOf(question);
        const asking = before.get(key) ?? begin(canary, question);
        asking.about = aboutOf(question);
        now.set(key, asking);
        answers[question.gate] = asking.follower.read(question.cursor);
      }
      for (const [key, { follower }] of before) if (!now.has(key)) follower.stop();
      canaries.set(keyString(canary), now);
      return answers;
    },
    forget,
    stop() {
      isStopped = true;
      for (const askings of canaries.values()) for (const { follower } of askings.values()) follower.stop();
      canaries.clear();
    },
  };
}

function aboutOf(question: Question): WebhookBody | undefined {
  return question.type === "Webhook" ? question.about : undefined;
}

/** What makes it another question, which is asked from its first time on: not where it stands, nor the step of the run. */
function identityOf({ cursor: _, ...question }: Question): string {
  if (question.type === "Metric") return JSON.stringify(question);
  const { candidate, stable } = question.about;
  return JSON.stringify({ ...question, about: [candidate, stable] });
}

/**
 * A sample is the query's value at a moment that was fixed beforehand, whenever it is asked for: Prometheus knows the past.
 * At first, with no moment due, the last one is asked about again, to hear whether there is a value.
 */
async function sample(
  question: MetricQuestion,
  { cursor, isFirst, signal }: Turn,
  { prometheus, clock }: AnswerFeedOptions,
): Promise<Said> {
  const { since, intervalMs } = question;
  const known = cursor?.sequence ?? 0;
  // From the last one on, so that another interval changes nothing of what was asked before.
  const last = cursor === null ? since.getTime() - intervalMs : Date.parse(cursor.id);
  const momentOf = (sequence: number) => new Date(last + (sequence - known) * intervalMs);
  const isDue = (sequence: number) => momentOf(sequence) <= clock.now();
  if (isFirst && !isDue(known + 1)) {
    const again = await valueAt(prometheus, question, momentOf(known), signal);
    return { answers: [], ...("empty" in again && again) };
  }
  await sleepUntil(momentOf(known + 1), clock, signal);
  const answers: Answer[] = [];
  let empty: string | undefined;
  for (let sequence = known + 1; isDue(sequence) && answers.length < PAGE; sequence++) {
    const value = await valueAt(prometheus, question, momentOf(sequence), signal);
    const at = momentOf(sequence).toISOString();
    answers.push({ sequence, id: at, at, ...("value" in value && { said: { type: "Metric", ...value } }) });
    empty = "empty" in value ? value.empty : undefined;
  }
  const isPart = isDue(known + answers.length + 1);
  return { answers, isPart, ...(empty !== undefined && { empty }) };
}

async function valueAt(
  prometheus: Respondents["prometheus"],
  { server, candidate, stable }: MetricQuestion,
  at: Date,
  signal: AbortSignal,
): Promise<{ readonly value: number; readonly stable?: number } | { readonly empty: string }> {
  const value = await prometheus.query(server, candidate, at, signal);
  if (stable === undefined || "empty" in value) return value;
  const ofStable = await prometheus.query(server, stable, at, signal);
  if ("empty" in ofStable) return { empty: `for stable ${ofStable.empty}` };
  // A multiple of less than nothing would turn the bound around.
  if (ofStable.value < 0) return { empty: `for stable the query's value is ${ofStable.value}, under 0` };
  return { ...value, stable: ofStable.value };
}

/** An endpoint speaks of the present, so a process that has just begun asks at once and nothing is caught up on. */
async function askEndpoint(
  { endpoint, intervalMs }: WebhookQuestion,
  about: () => WebhookBody,
  { cursor, isFirst, signal }: Turn,
  { webhooks, clock }: AnswerFeedOptions,
): Promise<Said> {
  if (!isFirst && cursor !== null) await sleepUntil(new Date(Date.parse(cursor.id) + intervalMs), clock, signal);
  const at = clock.now().toISOString();
  const reply = await webhooks.ask(endpoint, about(), signal);
  return { answers: [{ sequence: (cursor?.sequence ?? 0) + 1, id: at, at, said: { type: "Webhook", ...reply } }] };
}

async function sleepUntil(moment: Date, clock: Clock, signal: AbortSignal): Promise<void> {
  const ms = moment.getTime() - clock.now().getTime();
  if (ms > 0) await sleep(clock, ms, signal);
}
