import { CONDITION } from "../../../api/v1alpha1/condition-types.ts";
import { ANNOTATION } from "../../../api/v1alpha1/metadata.ts";
import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { findCondition, type NewCondition } from "../../../runtime/conditions.ts";
import { type Difference, differences } from "../../../runtime/covers.ts";
import type { Facts } from "../facts.ts";
import type { Route } from "../observed.ts";
import { heldWrite } from "../policies/traffic-policy.ts";
import { routeKindOf } from "../route-kind-of.ts";
import { routeEntry } from "../run/orders.ts";

/** Whoever looks an hour later is told, and not for ever: what was written back stands no more. */
const TOLD_MS = 3_600_000;
/** So many of the differences say what somebody did. */
const SHOWN = 3;

/**
 * Whether somebody else's change of the route stands, or was undone of late, as the route says; of a canary to which that
 * has never happened nothing. An Event says it too, but is not seen by who looks at the canary alone, or late.
 */
export function routeContested(facts: Facts, observedGeneration: number): NewCondition[] {
  const { canary, route } = facts.observed;
  const type = CONDITION.routeContested;
  const held = heldWords(facts);
  if (held !== undefined) return [{ type, status: "True", reason: "Held", message: held, observedGeneration }];
  const undone = undoneWords(facts);
  if (undone !== undefined)
    return [{ type, status: "True", reason: "WrittenBack", message: undone, observedGeneration }];
  const before = findCondition(canary.status?.conditions, type);
  if (before === undefined) return [];
  if (route === undefined) return [{ ...before, observedGeneration }];
  const isOver = before.status === "True" && before.reason === "Held";
  const message = isOver
    ? "The route is as the canary writes it"
    : "Nobody else has written into the route for an hour";
  return [{ type, status: "False", reason: "NotContested", message, observedGeneration }];
}

/** What stands in the route although it is not the canary's. */
export function foreignWriteOf(facts: Facts): Pick<PreferenceCanaryStatus, "foreignWrite"> {
  const { route } = facts.observed;
  if (route === undefined || heldWrite(facts) === undefined) return {};
  const { manager, time } = route.writer ?? {};
  const known = { ...(manager !== undefined && { manager }), ...(time !== undefined && { time }) };
  return { foreignWrite: { generation: generationOf(route), ...known } };
}

/** Who has changed what, that it stays, and what ends that; undefined where nothing of somebody else's stands. */
export function heldWords(facts: Facts): string | undefined {
  const { canary, route } = facts.observed;
  const write = heldWrite(facts);
  if (route === undefined || write === undefined) return undefined;
  const { kind, wanted } = routeKindOf(canary);
  const { contested: _now, ...intent } = write.intent;
  const found = differences(route.object, wanted(intent, route.object)).map(differenceWords);
  const more = found.length > SHOWN ? `, and ${found.length - SHOWN} more` : "";
  const name = `${kind} ${route.object.metadata.name}`;
  const { manager, time } = route.writer ?? {};
  const who = manager === undefined ? "" : `, last by ${manager}${time === undefined ? "" : ` at ${time}`}`;
  const what = `${name} was changed by somebody else${who}: ${found.slice(0, SHOWN).join(", ")}${more}`;
  return `${what}. It stays so, since traffic.onForeignWrite is Hold, and no candidate gets further ${untilUndone(route)}`;
}

/** To be read after "stays". */
export function untilUndone(route: Route): string {
  const order = `${ANNOTATION.resume}=${routeEntry(generationOf(route))}`;
  return `until that is undone, or until the canary is annotated with ${order}, by which it is written back`;
}

function differenceWords({ path, stands, wanted }: Difference): string {
  return `${path} is ${valueWords(stands)} instead of ${valueWords(wanted)}`;
}

function valueWords(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} of them`;
  return value === undefined || value === null ? "absent" : JSON.stringify(value).slice(0, 80);
}

function generationOf({ object }: Route): number {
  return object.metadata.generation ?? 0;
}

function undoneWords({ observed: { canary, route }, outcome, now }: Facts): string | undefined {
  const contest = (outcome?.effect?.type === "WriteRoute" && outcome.effect.intent.contested) || route?.contested;
  if (route === undefined || contest === undefined || now.getTime() - Date.parse(contest.at) >= TOLD_MS)
    return undefined;
  return `At ${contest.at}: ${contestedWords(routeKindOf(canary).kind, route.object.metadata.name, contest.words)}`;
}

/** `words`: what was written, as the route says it. */
export function contestedWords(kind: string, name: string, words: string): string {
  return `Somebody else had changed ${kind} ${name} (${words.slice(0, 768)}): it is written back, since the canary alone moves traffic`;
}
