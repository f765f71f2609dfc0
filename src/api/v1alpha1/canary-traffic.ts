import * as z from "zod";
import { atomicList, objectName, rules } from "./object.ts";
import { duration } from "./quantity.ts";

/** Who is asked to move a canary's traffic, and what a request can say about the arm that it wants. */

const ParentRef = z.object({
  name: objectName("Name of the Gateway.", 253),
  namespace: objectName("Namespace of the Gateway; the canary's own where unset.").exactOptional(),
  sectionName: objectName("Listener of the Gateway; all where unset.", 253).exactOptional(),
});

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

export const Traffic = z
  .object({
    httpRoute: z
      .object({
        parentRefs: atomicList(ParentRef, 8, 1).describe("Gateways that the route attaches to."),
        hostnames: z
          .array(z.string().min(1).max(253))
          .max(16)
          .meta({ "x-kubernetes-list-type": "atomic" })
          .exactOptional()
          .describe("Host names that the route answers for."),
        testers: Testers.exactOptional(),
        sticky: Sticky.exactOptional(),
      })
      .meta(
        rules([
          "!has(self.testers) || !has(self.sticky) || !has(self.sticky.header) || self.testers.header != self.sticky.header",
          "testers.header and sticky.header must be two headers: a session would be taken for a tester",
        ]),
      )
      .describe("A Gateway API HTTPRoute, named as the canary, that the operator owns."),
  })
  .describe("Who is asked to move traffic.");
