import { canaryObject, canarySpec, WORKLOAD } from "./canary.ts";
import type { CanaryWorld } from "./canary-world.ts";
import { services, withRoute } from "./kind-stories.ts";
import { served } from "./memory-cluster.ts";
import type { Story } from "./story.ts";

const candidate = (world: CanaryWorld) => world.status.candidate?.revision ?? "";
const readAgain = (world: CanaryWorld) => world.evidence.setAccess({ type: "Readable" });
const unrefused = (world: CanaryWorld) => {
  world.refuses = () => false;
};
const acceptRoute = ({ route, cluster }: CanaryWorld) => {
  if (route === undefined) throw new Error("there is no route");
  cluster.put(cluster.routes, { ...route, status: served(route.spec) });
};

/** What leads out of each state in which a canary waits for somebody: by the event of the story that led into it. */
const WAYS_OUT: readonly (readonly [after: string, event: string, happens: Story["happens"]])[] = [
  [
    "the same, where onInconclusive is Hold",
    "order: promote, after the deadline",
    (world) => world.annotate({ "dpo.dev/promote": candidate(world) }),
  ],
  [
    "ratings are not split as the weights are",
    "order: rollback, of what is not trusted",
    (world) => world.annotate({ "dpo.dev/rollback": candidate(world) }),
  ],
  ["the collector cannot be read", "the collector answers again", readAgain],
  ["another operator takes over that has yet to read the evidence", "it has read the evidence", readAgain],
  ["the Gateway refuses the route", "the Gateway takes the route", acceptRoute],
  [
    "stable's pods are lost",
    "stable's pods are ready again",
    (world) => {
      world.autoReady = true;
      world.cluster.readyAll();
    },
  ],
  [
    "every gate has passed",
    "another model is validated, once that one is promoted",
    (world) => world.job("train-2", "c", "2026-01-03T00:00:00Z"),
  ],
  [
    "its pods are not ready in 10 minutes",
    "order: retry, once there is room",
    (world) => {
      world.autoReady = true;
      world.annotate({ "dpo.dev/retry": world.status.lastRun?.revision ?? "" });
    },
  ],
  [
    "it is created where there is no KServe",
    "KServe is installed",
    (world) => {
      world.knowsKServe = true;
    },
  ],
  [
    "it is created where there is no Gateway API",
    "Gateway API is installed",
    (world) => {
      world.knowsRoutes = true;
    },
  ],
  [
    "a job's model is where no pod can mount it",
    "another model is validated, which can be mounted",
    (world) => world.job("train-2", "c", "2026-01-03T00:00:00Z"),
  ],
  ["a policy refuses the candidate's pods", "the policy lets the pods be", unrefused],
  ["a quota refuses the candidate's Service", "the quota is raised", unrefused],
  ["a gate fails, and a policy refuses the route", "the policy lets the route be written", unrefused],
  ["it is to adopt a route that is not there", "Git makes the route", withRoute],
  ["it is to adopt a route without a rule", "Git gives the route a rule", withRoute],
  [
    "it is created, and its route's name is taken",
    "the other route is deleted",
    ({ cluster }) => cluster.remove(cluster.routes, "assistant"),
  ],
  [
    "Git names another digest for the Service that serves",
    "Git names the digest that it has",
    (world) => world.edit({ serving: canaryObject(canarySpec(services({ stable: "a" }))).spec.serving }),
  ],
  ["the workload is deleted", `Deployment ${WORKLOAD} is there again`, (world) => world.workload()],
  [
    "a job's model is validated, and a gate has a maxSamples by which nobody can pass",
    "Git takes maxSamples out",
    (world) => {
      const { maxSamples: _out, ...winRate } = world.canary.spec.gates.winRate;
      world.edit({ gates: { winRate } });
    },
  ],
  ["it is deleted, with Retain", "it is created again", (world) => world.createCanaryAgain()],
];

/** After what all others have left behind. */
export function mendedStories(before: readonly Story[]): readonly Story[] {
  return WAYS_OUT.map(([after, event, happens]) => {
    const story = before.find((each) => each.event === after);
    if (story === undefined) throw new Error(`there is no story in which ${after}`);
    return {
      ...(story.spec && { spec: story.spec }),
      given(world) {
        story.given(world);
        story.happens(world);
        world.settle(30_000);
      },
      event,
      happens,
    };
  });
}
