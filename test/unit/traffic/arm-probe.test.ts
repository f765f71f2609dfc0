import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { askArm } from "../../../src/traffic/arm-probe.ts";
import { type Probe, probe } from "../../../src/traffic/probe.ts";
import { startProxies } from "./proxies.ts";

function at(port: number) {
  return { address: "127.0.0.1", port, isTls: false, host: "127.0.0.1" };
}

const never = new AbortController().signal;

describe("an arm", () => {
  it.each([200, 301, 401, 404, 405, 501])("can serve when it answers a GET with %i", async (status) => {
    const { port } = await startProxies({ epoch: "", status });
    expect(await askArm(at(port), probe, never)).toEqual({ type: "Confirmed" });
  });

  it.each([500, 502, 503])("cannot when it answers with %i", async (status) => {
    const { port } = await startProxies({ epoch: "", status });
    expect(await askArm(at(port), probe, never)).toEqual({
      type: "Denied",
      words: `its Service (127.0.0.1 port ${port}) answers a GET with ${status}`,
    });
  });

  it("cannot when nothing listens there", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    await new Promise((resolve) => server.close(resolve));
    expect(await askArm(at(port), probe, never)).toMatchObject({
      type: "Denied",
      words: expect.stringMatching(/does not answer: .*ECONNREFUSED/),
    });
  });

  it.each(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "EHOSTUNREACH"])(
    "is not heard where packets are kept away: %s",
    async (code) => {
      const dropped: Probe = async () => {
        throw Object.assign(new Error("timed out"), { code });
      };
      expect(await askArm(at(1), dropped, never)).toMatchObject({ type: "Unanswered" });
    },
  );
});
