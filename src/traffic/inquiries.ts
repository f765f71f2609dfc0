import { keyString, type ObjectKey } from "../kube/object.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import { createTurns, type Turns } from "../runtime/turns.ts";

/**
 * Questions that are asked in the background, one request at a time each, until they are answered with yes. Reading never
 * waits: a gateway that is slow or gone holds up no reconcile. Nothing is lost with this process, as all can be asked again.
 */
export interface Inquiries {
  /** What is known of each question, by its subject. These are asked from now on, and none that was before and is not here. */
  read(canary: ObjectKey, questions: readonly Question[]): ReadonlyMap<string, Finding>;
  forget(canary: ObjectKey): void;
  stop(): void;
}

export interface Question {
  /** What it is about, for as long as the canary is. */
  readonly subject: string;
  /** Tells it from the last one about its subject. */
  readonly id: string;
  readonly ask: (signal: AbortSignal) => Promise<Finding>;
  /** The longest pause before one that says nothing is asked whether that has changed. */
  readonly longestSilenceMs: number;
  /** It is asked on after a yes, so much later, and no less often after a no; absent: nobody asks any more then. */
  readonly againMs?: number;
}

/** What came of asking. `words` are to be read after a name or a colon. */
export type Finding =
  /** It is as it should be. */
  | { readonly type: "Confirmed" }
  /** There was an answer, and by that it is not so yet. */
  | { readonly type: "Denied"; readonly words: string }
  /** There was none, or none that tells: it cannot be found out in this way. */
  | { readonly type: "Unanswered"; readonly words: string };

export interface InquiriesOptions {
  readonly clock: Clock;
  /** Called when there is something new to read. */
  readonly wake: (canary: ObjectKey) => void;
}

interface Inquiry {
  readonly id: string;
  readonly finding: () => Finding | undefined;
  readonly stop: () => void;
}

interface Asking {
  readonly clock: Clock;
  readonly turns: Turns;
  readonly changed: () => void;
}

const FIRST_PAUSE_MS = 100;
/** A proxy that restarts, or a request that is lost, is no sign that nobody can be asked: so often in a row there was no answer. */
const PATIENCE = 3;
/** One that is asked again although it said yes is believed only after so many answers in a row that it has changed. */
const FOLLOWED_PATIENCE = 5;
/** Between two of them, so that one bad pod of several is not taken for all of them. */
const FOLLOWED_PAUSE_MS = 1_000;
/** Whoever has said no will soon say yes. */
const LONGEST_DENIED_MS = 10_000;
/** Of all canaries: a new leader has questions about each of them. */
const AT_ONCE = 32;

export function createInquiries({ clock, wake }: InquiriesOptions): Inquiries {
  const canaries = new Map<string, ReadonlyMap<string, Inquiry>>();
  const turns = createTurns(AT_ONCE);
  let isStopped = false;

  function forget(canary: ObjectKey): void {
    for (const { stop } of canaries.get(keyString(canary))?.values() ?? []) stop();
    canaries.delete(keyString(canary));
  }

  return {
    read(canary, questions) {
      const before = isStopped ? undefined : canaries.get(keyString(canary));
      const now = new Map<string, Inquiry>();
      for (const question of isStopped ? [] : questions) {
        const known = before?.get(question.subject);
        const same = known?.id === question.id ? known : undefined;
        now.set(
          question.subject,
          same ?? begin(question, known?.finding(), { clock, turns, changed: () => wake(canary) }),
        );
      }
      for (const [subject, inquiry] of before ?? []) if (now.get(subject) !== inquiry) inquiry.stop();
      canaries.set(keyString(canary), now);
      return findingsOf(now);
    },
    forget,
    stop() {
      isStopped = true;
      for (const inquiries of canaries.values()) for (const { stop } of inquiries.values()) stop();
    },
  };
}

function findingsOf(inquiries: ReadonlyMap<string, Inquiry>): ReadonlyMap<string, Finding> {
  const findings = new Map<string, Finding>();
  for (const [subject, inquiry] of inquiries) {
    const finding = inquiry.finding();
    if (finding !== undefined) findings.set(subject, finding);
  }
  return findings;
}

/** What gave no answer to the last question counts as giving none to this one until it does: nobody waits for it anew. */
function begin(
  { id, ask, againMs, longestSilenceMs }: Question,
  last: Finding | undefined,
  { clock, turns, changed }: Asking,
): Inquiry {
  const stopping = new AbortController();
  let finding: Finding | undefined = last?.type === "Unanswered" ? last : undefined;
  let silences = finding === undefined ? 0 : PATIENCE;
  let doubts = 0;
  let yeses = 0;
  /** A yes was taken back. */
  let hasChanged = false;
  const firstPauseMs = againMs === undefined ? FIRST_PAUSE_MS : FOLLOWED_PAUSE_MS;
  void follow(stopping.signal);

  /** The first yes is believed at once, as is a no before it; silence never is, nor a change of mind. */
  function isBelieved({ type }: Finding): boolean {
    silences = type === "Unanswered" ? silences + 1 : 0;
    doubts = type === "Confirmed" ? 0 : doubts + 1;
    yeses = type === "Confirmed" ? yeses + 1 : 0;
    if (type === "Confirmed") return !hasChanged || yeses >= FOLLOWED_PATIENCE;
    if (finding?.type !== "Confirmed") return type === "Denied" || silences >= PATIENCE;
    hasChanged ||= doubts >= FOLLOWED_PATIENCE;
    return doubts >= FOLLOWED_PATIENCE;
  }

  async function follow(signal: AbortSignal): Promise<void> {
    for (let pauseMs = firstPauseMs; ; ) {
      const found = await turns(async () => ask(signal)).catch(unanswered);
      if (signal.aborted) return;
      if (isBelieved(found) && JSON.stringify(found) !== JSON.stringify(finding)) {
        finding = found;
        changed();
      }
      const isYes = found.type === "Confirmed" && finding?.type === "Confirmed";
      const waitMs = isYes ? againMs : pauseMs;
      if (waitMs === undefined) return;
      await sleep(clock, waitMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const longestMs = found.type === "Denied" ? LONGEST_DENIED_MS : longestSilenceMs;
      pauseMs = isYes || againMs !== undefined ? firstPauseMs : Math.min(2 * pauseMs, longestMs);
    }
  }

  return { id, finding: () => finding, stop: () => stopping.abort() };
}

function unanswered(error: unknown): Finding {
  return { type: "Unanswered", words: error instanceof Error ? error.message : String(error) };
}
