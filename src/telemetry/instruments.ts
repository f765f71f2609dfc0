import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Makes metrics in one registry. What histograms measure is in seconds; `buckets` are their upper bounds. */
export function instruments(registry: Registry, buckets: number[]) {
  const registers = [registry];
  return {
    counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
      return new Counter({ name, help, labelNames, registers });
    },
    /** `collect` sets the gauge when it is read. */
    gauge<Label extends string>(
      name: string,
      help: string,
      labelNames: Label[],
      collect?: (gauge: Gauge<Label>) => void | Promise<void>,
    ): Gauge<Label> {
      const gauge: Gauge<Label> = new Gauge({ name, help, labelNames, registers, collect: () => collect?.(gauge) });
      return gauge;
    },
    histogram<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
      return new Histogram({ name, help, labelNames, buckets, registers });
    },
  };
}
