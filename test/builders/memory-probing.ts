import type { Finding } from "../../src/traffic/inquiries.ts";

import type { AskedArm, Probing } from "../../src/traffic/probing.ts";
import { ORIGINAL } from "../../src/traffic/route-kind.ts";

/** What gateways and arms answer, as a story wants it: at first there is no gateway to be asked, and arms answer. */
export function createMemoryProbing() {
  let gateway: Finding | undefined = { type: "Unanswered", words: "Gateway chat/public has no address" };
  let arms: Finding | undefined = { type: "Confirmed" };
  let shown: string | undefined;
  let original: Finding = { type: "Confirmed" };
  let confirmed: ReadonlySet<string> = new Set();
  /** Nobody asks again who has answered, unless it is followed. */
  const answerOf = ({ revision, isFollowed }: AskedArm): Finding | undefined => {
    if (revision === ORIGINAL) return original;
    return confirmed.has(revision) && !isFollowed ? { type: "Confirmed" } : arms;
  };
  const probing: Probing = {
    read(_canary, { route, arms: asked }) {
      if (gateway?.type === "Confirmed") shown = route?.epoch;
      const isStillShown = gateway?.type === "Denied" && route?.epoch === shown;
      const weights = isStillShown ? ({ type: "Confirmed" } as const) : gateway;
      const answers = asked.flatMap((arm): [string, Finding][] => {
        const answer = answerOf(arm);
        return answer ? [[arm.revision, answer]] : [];
      });
      confirmed = new Set(answers.flatMap(([revision, { type }]) => (type === "Confirmed" ? [revision] : [])));
      return { ...(route && weights && { weights }), arms: new Map(answers) };
    },
    forget: () => undefined,
    stop: () => undefined,
  };
  return {
    ...probing,
    /** Confirmed: at once by every weight. Denied: it stays with the weights that it has shown. */
    setGateway: (finding: Finding | undefined) => {
      gateway = finding;
    },
    /** What the Service answers that Git names in a route that was adopted. */
    setOriginal: (finding: Finding) => {
      original = finding;
    },
    setArms: (finding: Finding | undefined) => {
      arms = finding;
    },
  };
}
