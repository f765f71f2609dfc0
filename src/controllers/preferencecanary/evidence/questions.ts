import type { Cursor } from "../../../api/contracts/collector-api.ts";
import { OPEN_NAMES, type OpenName } from "../../../api/v1alpha1/asked-gates.ts";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import { metricGateName } from "../gates/gate-names.ts";
import type { GateStatus } from "../gates/gates.ts";
import type { Observed } from "../observed.ts";
import { EXPOSURE, keptExposure } from "../run/exposure.ts";
import type { Candidate, Run } from "../run/run.ts";

type Metric = NonNullable<PreferenceCanarySpec["gates"]["metrics"]>[number];

/**
 * What the operator asks other systems about the candidate, again and again from when its pods were there. Which time is
 * which follows from `since` and the interval alone, so that every process counts alike.
 */
export type Question = MetricQuestion | WebhookQuestion;

interface Asked {
  /** The gate that it is for. */
  readonly gate: string;
  /** The candidate that it is about. */
  readonly revision: string;
  /** The time after which it goes on; null: from the first one. */
  readonly cursor: Cursor | null;
  readonly since: Date;
  readonly intervalMs: number;
}

/** The same query for the candidate and, where it is measured against it, for stable. */
export interface MetricQuestion extends Asked {
  readonly type: "Metric";
  readonly server: string;
  readonly candidate: string;
  readonly stable?: string;
}

export interface WebhookQuestion extends Asked {
  readonly type: "Webhook";
  readonly endpoint: string;
  readonly about: WebhookBody;
}

/** What an endpoint is told. */
export interface WebhookBody {
  readonly namespace: string;
  readonly canary: string;
  readonly candidate: Served;
  readonly stable: Served;
  /** As status has them when it is asked. */
  readonly step: string | null;
  readonly weight: number;
}

interface Served {
  readonly revision: string;
  readonly digest: string | null;
}

/** None before the candidate's pods were there, nor once it is taken back. `gates`: as status remembers them. */
export function questionsOf(observed: Observed, run: Run, gates: readonly GateStatus[]): readonly Question[] {
  const { status, spec } = observed.canary;
  const { candidate, stable } = run;
  const since = status?.candidate?.revision === candidate?.revision ? status?.candidate?.entered : undefined;
  if (candidate?.state !== "Running" || stable === undefined || since === undefined) return [];
  const asked = (gate: string, interval: string): Asked => ({
    gate,
    revision: candidate.revision,
    cursor: gates.find(({ name }) => name === gate)?.cursor ?? null,
    since: new Date(since),
    intervalMs: parseDuration(interval),
  });
  const about = aboutRun(observed, { candidate, stable, stableDigest: run.stableDigest });
  const { metrics = [], webhook } = spec.gates;
  return [
    ...exposureQuestion(observed, about, new Date(since)),
    ...metrics.map((metric) => metricQuestion(metric, about, asked(metricGateName(metric.name), metric.interval))),
    ...(webhook
      ? [{ ...asked("webhook", webhook.interval), type: "Webhook", endpoint: webhook.endpoint, about } as const]
      : []),
  ];
}

/** Where nothing was served nothing is counted, so a candidate without a value has served nothing. */
function exposureQuestion({ canary }: Observed, about: WebhookBody, since: Date): MetricQuestion[] {
  const { maxExposure } = canary.spec;
  if (maxExposure === undefined) return [];
  const { interval, prometheus } = maxExposure;
  const { revision } = about.candidate;
  const asked = {
    gate: EXPOSURE,
    revision,
    cursor: keptExposure(canary, revision)?.cursor ?? null,
    since,
    intervalMs: parseDuration(interval),
  };
  const { candidate, ...question } = metricQuestion({ against: "Stable", prometheus }, about, asked);
  return [{ ...question, candidate: `(${candidate}) or vector(0)` }];
}

function metricQuestion(
  { against, prometheus: { server, query } }: Pick<Metric, "against" | "prometheus">,
  { namespace, canary, candidate, stable }: WebhookBody,
  asked: Asked,
): MetricQuestion {
  const queryFor = ({ revision }: Served) => filledIn(query, { namespace, canary, revision, stable: stable.revision });
  const ofStable = against === "Stable" ? { stable: queryFor(stable) } : {};
  return { ...asked, type: "Metric", server, candidate: queryFor(candidate), ...ofStable };
}

/**
 * In one go, so that no value is looked into for placeholders. Names of namespaces, canaries and revisions are letters,
 * digits, "-" and ".": none of them can end a string of PromQL or mean anything outside of one.
 */
function filledIn(query: string, values: Readonly<Record<OpenName, string>>): string {
  return query.replace(OPEN, (_, name: OpenName) => values[name]);
}

const OPEN = new RegExp(`\\{\\{(${OPEN_NAMES.join("|")})\\}\\}`, "g");

interface Arms {
  readonly candidate: Candidate;
  readonly stable: string;
  readonly stableDigest: string | undefined;
}

function aboutRun({ canary: { metadata, status } }: Observed, { candidate, stable, stableDigest }: Arms): WebhookBody {
  return {
    namespace: metadata.namespace,
    canary: metadata.name,
    candidate: { revision: candidate.revision, digest: candidate.digest ?? null },
    stable: { revision: stable, digest: stableDigest ?? null },
    step: status?.step?.name ?? null,
    weight: status?.weights?.desired ?? 0,
  };
}
