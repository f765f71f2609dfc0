import type { Client } from "../kube/client.ts";
import type { HTTPRoute } from "../kube/gateway-api.ts";
import type { ObjectKey, Stored } from "../kube/object.ts";
import type { Clock } from "../runtime/clock.ts";
import { askArm } from "./arm-probe.ts";
import { askGateways } from "./gateway-probe.ts";
import { createInquiries, type Finding, type Question } from "./inquiries.ts";
import type { Probe } from "./probe.ts";

/** What gateways and arms say when they are asked; reading never waits. */
export interface Probing {
  read(canary: ObjectKey, asked: Asked): Findings;
  forget(canary: ObjectKey): void;
  stop(): void;
}

export interface Asked {
  /** Do its Gateways answer with this epoch? */
  readonly route?: { readonly object: Stored<HTTPRoute>; readonly epoch: string; readonly pathPrefix?: string };
  /** Do they answer through their Services? */
  readonly arms: readonly AskedArm[];
}

export interface AskedArm {
  readonly revision: string;
  readonly address: string;
  readonly port: number;
  /** It is asked again and again, since nothing else tells when it answers no more. */
  readonly isFollowed?: true;
}

/** Absent: nothing was heard yet. */
export interface Findings {
  readonly weights?: Finding;
  /** By revision. */
  readonly arms: ReadonlyMap<string, Finding>;
}

export interface ProbingOptions {
  readonly client: Pick<Client, "get">;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly wake: (canary: ObjectKey) => void;
}

/** Nobody waits for a gateway that says nothing, and there may be a thousand routes behind it. */
const SILENT_GATEWAY_MS = 600_000;
/** A run waits for its arm. */
const SILENT_ARM_MS = 60_000;
/** Between two requests to an arm that answers. */
const AGAIN_MS = 5_000;
/** No revision is called so: they are hexadecimal. */
const WEIGHTS = "weights";

export function createProbing({ client, probe, clock, wake }: ProbingOptions): Probing {
  const inquiries = createInquiries({ clock, wake });

  function ofRoute({ object, epoch, pathPrefix = "" }: NonNullable<Asked["route"]>): Question {
    const { uid } = object.metadata;
    const id = JSON.stringify([uid, epoch, object.spec.parentRefs, object.spec.hostnames, pathPrefix]);
    const within: Probe = (target, signal) => probe({ ...target, pathPrefix }, signal);
    const ask = (signal: AbortSignal) => askGateways(object, epoch, { client, probe: within }, signal);
    return { subject: WEIGHTS, id, ask, longestSilenceMs: SILENT_GATEWAY_MS };
  }

  function ofArm({ revision, address, port, isFollowed }: AskedArm): Question {
    const target = { address, port, isTls: false, host: address };
    const ask = (signal: AbortSignal) => askArm(target, probe, signal);
    const times = { longestSilenceMs: SILENT_ARM_MS, ...(isFollowed && { againMs: AGAIN_MS }) };
    return { subject: revision, id: `${address} ${port}`, ask, ...times };
  }

  return {
    read(canary, { route, arms }) {
      const questions = [...(route ? [ofRoute(route)] : []), ...arms.map(ofArm)];
      const found = inquiries.read(canary, questions);
      const weights = found.get(WEIGHTS);
      return { ...(weights && { weights }), arms: found };
    },
    forget: inquiries.forget,
    stop: inquiries.stop,
  };
}
