import type { ArchivedRun } from "../../../api/contracts/archived-run.ts";
import type { ArchiveRequest } from "../../../api/contracts/run-archive.ts";
import type { PreferenceCanarySpec, PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { comparedWith } from "../evidence/baseline.ts";
import { isAsked } from "../gates/gate-names.ts";
import { type GateStatus, gatesAmong, readUntil } from "../gates/gates.ts";
import type { LastRun } from "./last-run.ts";

/** A run that is over, as status last had it. */
export interface EndedRun {
  readonly lastRun: LastRun;
  readonly candidate: NonNullable<PreferenceCanaryStatus["candidate"]>;
  readonly stable: NonNullable<PreferenceCanaryStatus["stable"]>;
  readonly gates: readonly GateStatus[];
  readonly spec: PreferenceCanarySpec;
  readonly retriedAt: string | undefined;
}

type Request = ArchiveRequest & { readonly run: ArchivedRun };

/**
 * What the collector is asked to archive of it. It stands in status until that is done, so that the archive is of the
 * evidence that the run was judged by and of nothing later, whichever process asks and however late.
 */
export function archiveRequest({ lastRun, candidate, stable, gates, spec, retriedAt }: EndedRun): Request {
  const { outcome, time, message, among } = lastRun;
  const sameModel = candidate.digest !== "" && candidate.digest === stable.digest;
  const { served, entered } = candidate;
  const asked = askedUntil(gates);
  // As the evidence was gathered, whatever the spec and the record say by now.
  const against = gates.find((gate) => gate.name === "winRate")?.against;
  const ratedSince = gates.find(({ since }) => since !== undefined)?.since;
  return {
    candidate: candidate.revision,
    stable: stable.revision,
    ...(against !== undefined && { comparedWith: comparedWith({ stable: stable.revision, against }) }),
    ...(ratedSince !== undefined && { ratedSince }),
    ...(entered !== undefined &&
      Object.keys(asked).length > 0 && {
        asked: { since: new Date(entered).toISOString(), until: asked },
      }),
    until: readUntil(spec, { revision: candidate.revision, sameModel }, gates),
    run: {
      candidate: { revision: candidate.revision, digest: candidate.digest },
      stable: { revision: stable.revision, digest: stable.digest },
      outcome,
      time,
      message,
      ...(among && { among }),
      ...(served !== undefined && { served }),
      ...(retriedAt !== undefined && { retriedAt }),
      spec: { gates: gatesAmong(spec, among), evidence: spec.evidence, steps: spec.steps },
      gates: gates.map(decided),
    },
  };
}

/** The last answers of other systems that were folded, by gate. */
function askedUntil(gates: readonly GateStatus[]): NonNullable<ArchiveRequest["asked"]>["until"] {
  const asked = gates.filter(({ name }) => isAsked(name));
  return Object.fromEntries(asked.flatMap(({ name, cursor }) => (cursor ? [[name, cursor]] : [])));
}

/** How far the gate was, and what it had decided by which record. */
function decided(gate: GateStatus): ArchivedRun["gates"][number] {
  const {
    name,
    verdict,
    numbers,
    against,
    changedFrom,
    samples,
    sum,
    cursor,
    state,
    passedAt,
    failedAt,
    rollbackFrom,
  } = gate;
  return {
    name,
    verdict,
    samples,
    sum,
    ...(numbers !== undefined && { numbers }),
    ...(against !== undefined && { against }),
    ...(changedFrom !== undefined && { changedFrom }),
    ...(cursor && { cursor }),
    ...(state !== undefined && { state }),
    ...(passedAt && { passedAt }),
    ...(failedAt && { failedAt }),
    ...(rollbackFrom && { rollbackFrom }),
  };
}
