import type { CanaryWorld } from "./canary-world.ts";

/** What happens to a canary. Whoever plays one lets the canary settle after the event. */
export interface Story {
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Brings it into the state that the event finds. */
  readonly given: (world: CanaryWorld) => void;
  readonly event: string;
  readonly happens: (world: CanaryWorld) => void;
}

export const idle = (world: CanaryWorld) => {
  world.workload();
  world.settle();
};

export const inShadow = (world: CanaryWorld) => {
  idle(world);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(500);
};

export const inLastStep = (world: CanaryWorld) => {
  inShadow(world);
  world.settle(30_000);
};
