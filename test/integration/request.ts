import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

/** Where an API server is and who asks. */
export interface Caller {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One plain request to the API server, for what a test needs beside the code it tests. */
export function request(caller: Caller, method: string, path: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      new URL(path, caller.url),
      {
        method,
        ca: caller.ca,
        // No kept connection outlives the test that made it.
        agent: false,
        headers: { authorization: `Bearer ${caller.token}`, "content-type": "application/json" },
      },
      (response) => {
        text(response).then((content) => resolve({ status: response.statusCode ?? 0, body: content }), reject);
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
