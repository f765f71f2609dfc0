import type { Registry } from "prom-client";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Store } from "../../kube/store.ts";
import { instruments } from "../../telemetry/instruments.ts";

const OBJECT = ["namespace", "canary"] as const;
type OfCanary = (typeof OBJECT)[number];

/** What status says, for dashboards and alerts: read from the cache when somebody scrapes, so it is never behind it. */
export function exposeCanaries(registry: Registry, canaries: Store<PreferenceCanary>): void {
  const { gauge } = instruments(registry, []);

  function expose<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
    read: (status: NonNullable<PreferenceCanary["status"]>) => readonly Sample<Label>[],
  ): void {
    gauge<OfCanary | Label>(name, help, [...OBJECT, ...labels], (metric) => {
      metric.reset();
      for (const { metadata, status } of canaries.list()) {
        const object = { namespace: metadata.namespace, canary: metadata.name };
        for (const { value, ...of } of read(status ?? {}))
          metric.set({ ...object, ...of } as unknown as Record<OfCanary | Label, string>, value);
      }
    });
  }

  expose("dpo_canary_phase", "1 for the phase that the canary is in.", ["phase"], ({ phase }) =>
    phase === undefined ? [] : [{ phase, value: 1 }],
  );
  expose("dpo_canary_weight_ratio", "Share of requests that the candidate should serve.", [], ({ weights }) =>
    weights === undefined ? [] : [{ value: weights.desired / 100 }],
  );
  expose(
    "dpo_canary_verified_weight_ratio",
    "Share of requests that the candidate serves, as answers through the gateway showed.",
    [],
    ({ weights }) => (weights?.verified === undefined ? [] : [{ value: weights.verified / 100 }]),
  );
  expose("dpo_canary_gate_verdict", "1 for what the gate says.", ["gate", "verdict"], ({ gates = [] }) =>
    gates.map(({ name, verdict }) => ({ gate: name, verdict, value: 1 })),
  );
  expose("dpo_canary_gate_samples", "Pieces of evidence that the gate has.", ["gate"], ({ gates = [] }) =>
    gates.map(({ name, samples }) => ({ gate: name, value: samples })),
  );
  expose("dpo_canary_gate_estimate_ratio", "The gate's best guess.", ["gate"], ({ gates = [] }) =>
    gates.flatMap(({ name, estimate }) => (estimate === undefined ? [] : [{ gate: name, value: ratio(estimate) }])),
  );
}

type Sample<Label extends string> = { readonly value: number } & { readonly [L in Label]: string };

/** "67.1%" as 0.671 and not 0.6709999999999999. */
function ratio(percent: string): number {
  return Number((Number.parseFloat(percent) / 100).toPrecision(12));
}
