import { FINALIZER } from "../../api/v1alpha1/metadata.ts";
import type { EventNote } from "../../kube/events.ts";
import type { Advice, Effect } from "./effect.ts";
import type { Facts } from "./facts.ts";
import { keepCandidate, keepContenders, keepJudge, keepSampler, keepStable } from "./policies/arm-policy.ts";
import { noteRemoved, pruneRecords, releaseServices, removeJudge, removeOldArms } from "./policies/cleanup-policy.ts";
import { deleteRecords, deleteRoute, dismantle, freeSurvivors, letGo } from "./policies/deletion-policy.ts";
import { moveTrafficNoted, noteServing } from "./policies/first-served-policy.ts";
import { moveTraffic } from "./policies/traffic-policy.ts";
import {
  chooseContender,
  failRefused,
  failShort,
  failUnready,
  failUnreadyContenders,
  liftVerdict,
  recordVerdicts,
  rejectContenders,
} from "./policies/verdict-policy.ts";

/** What this pass does: at most one effect, then the status. */
export interface Decision {
  readonly effect?: Effect;
  /** When to look again although nothing has changed by then; absent: only a change can bring something new. */
  readonly waitMs?: number;
  /** What people are told, and status cannot say. */
  readonly note?: EventNote;
}

/** Several, where what it wants of one thing is not to wait for another. */
type Rule = (facts: Facts) => Advice | readonly Advice[];

/** In the order of their importance: traffic first, bookkeeping after. */
const RULES: readonly Rule[] = [
  moveTrafficNoted,
  addFinalizer,
  recordVerdicts,
  liftVerdict,
  rejectContenders,
  chooseContender,
  noteRemoved,
  keepStable,
  failUnready,
  failShort,
  failUnreadyContenders,
  keepCandidate,
  keepContenders,
  failRefused,
  keepSampler,
  keepJudge,
  removeOldArms,
  removeJudge,
  releaseServices,
  noteServing,
  pruneRecords,
];

const DELETION_RULES: readonly Rule[] = [
  moveTraffic,
  dismantle,
  releaseServices,
  deleteRoute,
  freeSurvivors,
  deleteRecords,
  letGo,
];

/**
 * The first rule that wants something done is followed; the next pass sees what came of it. `refused`: of so many the API
 * server would not have it, which has changed nothing, so the rules after them have their turn, but for what needs the
 * finalizer.
 */
export function decide(facts: Facts, refused = 0): Decision {
  const isDeleted = facts.observed.canary.metadata.deletionTimestamp !== undefined;
  const waits = facts.alarms.map((at) => at.getTime() - facts.now.getTime());
  let note: EventNote | undefined;
  let effect: Effect | undefined;
  let passed = 0;
  for (const advice of advices(isDeleted ? DELETION_RULES : RULES, facts)) {
    if ("effect" in advice) {
      if (passed === refused) {
        effect = advice.effect;
        break;
      }
      // What is made while deletion would not wait for it to be taken away stays for ever.
      if (advice.effect.type === "AddFinalizer") break;
      passed += 1;
      continue;
    }
    waits.push(advice.waitMs);
    note ??= advice.note;
  }
  const waitMs = waits.length === 0 ? undefined : Math.min(...waits);
  return { ...(effect && { effect }), ...(waitMs !== undefined && { waitMs }), ...(note && { note }) };
}

function* advices(rules: readonly Rule[], facts: Facts): Generator<NonNullable<Advice>> {
  for (const rule of rules) {
    for (const advice of [rule(facts)].flat()) if (advice !== undefined) yield advice;
  }
}

/** Before anything is made that would have to be taken away. */
function addFinalizer({ observed }: Facts): Advice {
  const isHeld = observed.canary.metadata.finalizers?.includes(FINALIZER.canary) ?? false;
  return isHeld ? undefined : { effect: { type: "AddFinalizer" } };
}
