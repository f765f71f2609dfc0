import { Cron } from "croner";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../../api/v1alpha1/quantity.ts";

type Window = NonNullable<PreferenceCanarySpec["windows"]>[number];

/** Whether a candidate may be promoted now; if not, from when, or why never. */
export type Opening =
  | { readonly isOpen: true }
  | { readonly isOpen: false; readonly opens: Date }
  | { readonly isOpen: false; readonly problem: string };

/** How often a freeze may lie on the beginning of a window before the two are taken for never apart. */
const TRIES = 100;

export function openingOf(
  { windows = [], freezes = [] }: Pick<PreferenceCanarySpec, "windows" | "freezes">,
  now: Date,
): Opening {
  const problem = problemOf("windows", windows) ?? problemOf("freezes", freezes);
  if (problem !== undefined) return { isOpen: false, problem };
  let at = now;
  for (let tries = 0; tries < TRIES; tries++) {
    const next = notBefore(at, windows, freezes);
    if (next === undefined) return { isOpen: false, problem: "no window of spec.windows begins any more" };
    if (next.getTime() === at.getTime()) return at === now ? { isOpen: true } : { isOpen: false, opens: at };
    at = next;
  }
  return { isOpen: false, problem: "spec.freezes lie over every window of spec.windows that comes" };
}

/** `at` itself if a promotion may happen then; otherwise the next moment at which it might; undefined: none comes. */
function notBefore(at: Date, windows: readonly Window[], freezes: readonly Window[]): Date | undefined {
  const thaws = freezes.flatMap((freeze) => endOf(freeze, at) ?? []);
  if (thaws.length > 0) return latest(thaws);
  if (windows.length === 0 || windows.some((window) => endOf(window, at) !== undefined)) return at;
  const starts = windows.flatMap((window) => nextStart(window, at) ?? []);
  return starts.length > 0 ? new Date(Math.min(...starts.map(Number))) : undefined;
}

/** When the occurrence of the window that `at` lies in is over; undefined outside of one. */
function endOf(window: Window, at: Date): Date | undefined {
  const lasts = parseDuration(window.duration);
  const start = nextStart(window, new Date(at.getTime() - lasts));
  return start !== undefined && start <= at ? new Date(start.getTime() + lasts) : undefined;
}

/** The first beginning after `from`. */
function nextStart({ schedule, timeZone }: Window, from: Date): Date | undefined {
  return new Cron(schedule, { timezone: timeZone, mode: "5-part" }).nextRun(from) ?? undefined;
}

function problemOf(field: "windows" | "freezes", windows: readonly Window[]): string | undefined {
  for (const [index, window] of windows.entries()) {
    try {
      nextStart(window, new Date(0));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return `spec.${field}[${index}] cannot be read: schedule "${window.schedule}" in ${window.timeZone}: ${said}`;
    }
  }
  return undefined;
}

function latest(dates: readonly Date[]): Date {
  return new Date(Math.max(...dates.map(Number)));
}
