import type { EventNote } from "../kube/events.ts";
import type { Stored } from "../kube/object.ts";

/** One thing that happened to an object, on its way to people. */
export interface Notice {
  /** The same for every attempt to tell it. */
  readonly id: string;
  readonly at: Date;
  readonly regarding: Stored;
  readonly event: EventNote;
}

export interface Body {
  readonly contentType: string;
  readonly text: string;
}

export const formats = { CloudEvents: cloudEvent, Slack: slackMessage } as const;
export type Format = keyof typeof formats;

/** CloudEvents 1.0, structured mode. `source` is the object's path in the API, `type` one word of ours a situation. */
function cloudEvent({ id, at, regarding, event }: Notice): Body {
  const { apiVersion, kind, metadata } = regarding;
  const lower = (kind ?? "object").toLowerCase();
  const body = {
    specversion: "1.0",
    id,
    time: at.toISOString(),
    source: `/apis/${apiVersion}/namespaces/${metadata.namespace}/${lower.replace(/y$/, "ie")}s/${metadata.name}`,
    type: `dev.dpo.${lower}.${event.reason}`,
    datacontenttype: "application/json",
    data: {
      kind,
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      generation: metadata.generation,
      severity: event.type,
      reason: event.reason,
      action: event.action,
      message: event.note,
    },
  };
  return { contentType: "application/cloudevents+json; charset=utf-8", text: JSON.stringify(body) };
}

/** An incoming webhook of Slack, or of whatever speaks its form. What is said is text and never mark-up. */
function slackMessage({ regarding, event }: Notice): Body {
  const { kind, metadata } = regarding;
  const sign = event.type === "Warning" ? ":warning: " : "";
  const where = `${kind} ${metadata.namespace}/${metadata.name}`;
  const text = `${sign}*${event.reason}* ${escaped(where)}\n${escaped(event.note)}`;
  return { contentType: "application/json; charset=utf-8", text: JSON.stringify({ text }) };
}

/** https://api.slack.com/reference/surfaces/formatting#escaping */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
