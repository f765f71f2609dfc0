import * as z from "zod";
import { atomicList, objectName, rules } from "./object.ts";
import { duration } from "./quantity.ts";

/** Who is asked to move a canary's traffic, and what a request can say about the arm that it wants. */

const ParentRef = z.object({
  name: objectName("Name of the Gateway.", 253),
  namespace: objectName("Namespace of the Gateway; the canary's own where unset.").exactOptional(),
  sectionName: objectName("Listener of the Gateway; all where unset.", 253).exactOptional(),
});

const Adopt = z
  .object({
    name: objectName("Name of the HTTPRoute, in the same namespace.", 253),
    rule: objectName("Name of the rule; the only one where unset.", 253).exactOptional(),
  })
  .describe(
    "An HTTPRoute that Git owns, and one rule of it, which leads to one Service. The operator writes the rule's backendRefs, its mirror filter and annotations of its own, and gives them back when the canary is deleted.",
  );

function headerName(description: string) {
  return z
    .string()
    .min(1)
    .max(64)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .describe(description);
}

const Testers = z
  .object({
    header: headerName(
      "Request header that forces an arm: stable, candidate or a revision. Without a candidate stable answers.",
    ).default("x-dpo-arm-wanted"),
  })
  .describe(
    "Testers reach the candidate at any weight, in a shadow step too. What they are answered is no evidence. Whoever can send the header can do so: take it off what others send.",
  );

const Cookie = z.object({
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_-]+$/)
    .default("dpo-arm")
    .describe("Name of the cookie; its value is the revision."),
  maxAge: duration("How long a session lasts; after that the weights choose anew.")
    .default("1h")
    .meta(rules(["duration(self) >= duration('1s')", "must be 1s or more: nobody would stay with an arm"])),
});

const Sticky = z
  .object({
    cookie: Cookie.exactOptional().describe(
      "The route sets a cookie with the first answer. Its Gateway must match headers by regular expression.",
    ),
    header: headerName(
      "Request header in which clients send back what the response header x-dpo-arm said; for clients without cookies.",
    ).exactOptional(),
  })
  .meta(
    rules([
      "has(self.cookie) != has(self.header)",
      "set either sticky.cookie or sticky.header: a session is known by one of them",
    ]),
  )
  .describe(
    "A session stays with the arm that answered first, so that weights are shares of new sessions. A rollback takes all of them to stable, a promotion to the promoted arm.",
  );

const TWO_HEADERS = [
  "!has(self.testers) || !has(self.sticky) || !has(self.sticky.header) || self.testers.header != self.sticky.header",
  "testers.header and sticky.header must be two headers: a session would be taken for a tester",
] as const;

const VirtualService = z
  .object({
    hosts: z
      .array(z.string().min(1).max(253))
      .min(1)
      .max(16)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .describe("Host names that it answers for: of clients outside, or of a Service in the mesh."),
    gateways: z
      .array(
        z
          .string()
          .min(1)
          .max(317)
          .regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?\/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
      )
      .min(1)
      .max(8)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .describe('Istio Gateways, such as "istio-system/public", and "mesh" for requests from inside the mesh.'),
    testers: Testers.exactOptional(),
    sticky: Sticky.exactOptional(),
  })
  .meta(rules(TWO_HEADERS))
  .describe("A VirtualService, named as the canary, that the operator owns.");

export const Traffic = z
  .object({
    httpRoute: z
      .object({
        parentRefs: atomicList(ParentRef, 8, 1)
          .exactOptional()
          .describe("Gateways that the route attaches to, where the operator owns it."),
        hostnames: z
          .array(z.string().min(1).max(253))
          .max(16)
          .meta({ "x-kubernetes-list-type": "atomic" })
          .exactOptional()
          .describe("Host names that the route answers for."),
        adopt: Adopt.exactOptional(),
        testers: Testers.exactOptional(),
        sticky: Sticky.exactOptional(),
      })
      .meta(
        rules(
          [
            "has(self.adopt) ? !has(self.parentRefs) && !has(self.hostnames) : has(self.parentRefs)",
            "set either httpRoute.parentRefs, for a route that the operator owns, or httpRoute.adopt, for one that Git owns: that one names its own Gateways and host names",
          ],
          [
            "!has(self.adopt) || (!has(self.testers) && !has(self.sticky))",
            "httpRoute.testers and httpRoute.sticky need rules of their own, and of an adopted route only one rule is written: let the operator own the route instead",
          ],
          [
            "has(self.adopt) == has(oldSelf.adopt) && (!has(self.adopt) || self.adopt == oldSelf.adopt)",
            "httpRoute.adopt is immutable: delete the PreferenceCanary, which gives the route back, and create it anew",
          ],
          TWO_HEADERS,
        ),
      )
      .exactOptional()
      .describe("A Gateway API HTTPRoute: one named as the canary, that the operator owns, or one to be adopted."),
    istio: z
      .object({ virtualService: VirtualService })
      .exactOptional()
      .describe("Istio's own API instead of Gateway API. Istio's gateways cannot be asked whether a weight is live."),
    onForeignWrite: z
      .enum(["Undo", "Hold"])
      .default("Undo")
      .describe(
        "What happens when somebody else changes what is the canary's in the route. Undo: it is written back at once. Hold: it stays, and the run stays where it is, until it is gone or dpo.dev/resume is ordered. A rollback is written all the same.",
      ),
  })
  .meta(
    rules(
      [
        "has(self.httpRoute) != has(self.istio)",
        "set either traffic.httpRoute or traffic.istio: one of them moves the traffic",
      ],
      [
        "has(self.httpRoute) == has(oldSelf.httpRoute)",
        "traffic cannot go from one kind of route to another: the route of the old kind would stay behind; create another PreferenceCanary",
      ],
    ),
  )
  .describe("Who is asked to move traffic.");
