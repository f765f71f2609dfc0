import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createNotifier, NotificationTarget } from "../../../src/notify/notifier.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { canaryObject } from "../../builders/canary.ts";

const rolledBack = {
  type: "Warning",
  reason: "RolledBack",
  action: "RollBack",
  note: "winRate: 1 < 2 & so on",
} as const;
const promoted = { type: "Normal", reason: "Promoted", action: "Promote", note: "winRate: 70%" } as const;
const canary = { ...canaryObject(), apiVersion: "dpo.dev/v1alpha1", kind: "PreferenceCanary" };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A system that answers with these codes, one after the other, and then 204. */
async function system(...codes: number[]) {
  const got: { type: string | undefined; body: Record<string, unknown> }[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    got.push({ type: request.headers["content-type"], body: JSON.parse(text) });
    response.statusCode = codes.shift() ?? 204;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

function notifierFor(...targets: object[]) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const parsed = targets.map((target) => NotificationTarget.parse({ name: "audit", ...target }));
  const notifier = createNotifier({ targets: parsed, clock, logger: silentLogger(), metrics });
  closers.push(() => notifier.stop());
  const outcomes = async () =>
    Object.fromEntries((await metrics.notifications.get()).values.map(({ labels, value }) => [labels.outcome, value]));
  return { notifier, clock, outcomes };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it never came to be so");
}

describe("notifications", () => {
  it("are CloudEvents that name the object and what happened", async () => {
    const { got, url } = await system();
    notifierFor({ url }).notifier.notify(canary, rolledBack);
    await until(() => got.length === 1);
    expect(got[0]).toMatchObject({
      type: "application/cloudevents+json; charset=utf-8",
      body: {
        specversion: "1.0",
        source: "/apis/dpo.dev/v1alpha1/namespaces/chat/preferencecanaries/assistant",
        type: "dev.dpo.preferencecanary.RolledBack",
        data: { severity: "Warning", message: rolledBack.note },
      },
    });
  });

  it("are text for Slack, without mark-up of what is said, and only warnings where that is asked for", async () => {
    const { got, url } = await system();
    const { notifier } = notifierFor({ url, format: "Slack", severity: "Warning" });
    notifier.notify(canary, promoted);
    notifier.notify(canary, rolledBack);
    await until(() => got.length === 1);
    expect(got[0]?.body.text).toBe(
      ":warning: *RolledBack* PreferenceCanary chat/assistant\nwinRate: 1 &lt; 2 &amp; so on",
    );
  });

  it("are tried again in their order, with the same id, when the system does not take them", async () => {
    const { got, url } = await system(503, 500);
    const { notifier, clock, outcomes } = notifierFor({ url });
    notifier.notify(canary, rolledBack);
    notifier.notify(canary, promoted);
    await until(async () => {
      await clock.advance(500);
      return (await outcomes()).sent === 2;
    });
    expect(got.map(({ body }) => body.type)).toEqual([
      ...Array(3).fill("dev.dpo.preferencecanary.RolledBack"),
      "dev.dpo.preferencecanary.Promoted",
    ]);
    expect(new Set(got.slice(0, 3).map(({ body }) => body.id)).size).toBe(1);
  });

  it("are not repeated within six minutes", async () => {
    const { got, url } = await system();
    const { notifier, clock } = notifierFor({ url });
    notifier.notify(canary, rolledBack);
    notifier.notify(canary, rolledBack);
    await until(() => got.length === 1);
    await clock.advance(6 * 60_000);
    notifier.notify(canary, rolledBack);
    await until(() => got.length === 2);
  });

  it("do not hold up who tells them when nobody answers, and are counted when they are given up", async () => {
    const { notifier, clock, outcomes } = notifierFor({ url: "http://127.0.0.1:1/nobody" });
    notifier.notify(canary, rolledBack);
    await until(async () => {
      await clock.advance(120_000);
      return (await outcomes()).lost === 1;
    });
  });
});
