import type { Route } from "playwright-core";
import { describe, expect, test } from "vitest";
import { lackOfBrowser, useBrowser } from "./browser.ts";
import { useScenes } from "./scene.ts";
import { begin, press, progress, seen } from "./screen.ts";

const lack = await lackOfBrowser();

describe.skipIf(lack !== undefined)("a choice is neither lost nor doubled", () => {
  const open = useBrowser();
  const setScene = useScenes();

  test("when the collector is stopped in the middle and started again", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2", "p3", "p4", "p5");
    const page = await open();
    await begin(page, await scene.link());
    await seen(page);
    await scene.stop();
    const judged = [await press(page, "1"), await press(page, "2")];
    await page.getByText("The collector cannot be reached: it does not answer. Your 2 choices are kept").waitFor();
    expect(await progress(page)).toMatch(/^2 judged/);

    await scene.start();
    await expect.poll(scene.preferences, { timeout: 15_000 }).toHaveLength(2);
    expect(await scene.preferences()).toMatchObject([
      { prompt: judged[0]?.prompt, chosen: judged[0]?.a },
      { prompt: judged[1]?.prompt, chosen: judged[1]?.b },
    ]);
    await expect.poll(() => page.getByRole("status").textContent()).toBe("");
    for (let rest = 0; rest < 3; rest += 1) await press(page, "0");
    await expect.poll(scene.comparisons).toHaveLength(5);
    expect(await progress(page)).toBe("5 judged · none is waiting");
  });

  test("when the collector's acknowledgement is lost on its way", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2");
    const page = await open();
    await begin(page, await scene.link());
    const bodies: (string | null)[] = [];
    await page.route("**/choices", async (route) => {
      bodies.push(route.request().postData());
      if (bodies.length > 1) return route.continue();
      await route.fetch();
      return route.abort("connectionreset");
    });
    await press(page, "1");
    await expect.poll(() => bodies).toHaveLength(2);
    expect(bodies[1]).toBe(bodies[0]);
    await expect.poll(() => page.getByRole("status").textContent()).toBe("");
    expect(await scene.comparisons()).toHaveLength(1);
    expect(await progress(page)).toMatch(/^1 judged/);
  });

  test("when the page is loaded again before it was sent, and the pairs in hand stay", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2", "p3");
    const page = await open();
    page.on("dialog", (dialog) => dialog.accept());
    await begin(page, await scene.link());
    await seen(page);
    await page.route("**/choices", (route) => route.abort());
    const judged = await press(page, "2");
    const next = await seen(page);
    await page.unroute("**/choices");
    await page.route("**/choices", (route) => route.abort(), { times: 1 });
    await page.reload();
    expect(await seen(page)).toEqual(next);
    await expect.poll(scene.preferences).toMatchObject([{ prompt: judged.prompt, chosen: judged.b }]);
    expect(await scene.comparisons()).toHaveLength(1);
  });

  test("when the token is good no more, and the rater opens a new link in the same tab", {
    timeout: 60_000,
  }, async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2", "p3");
    const page = await open();
    const token = await scene.newToken();
    await begin(page, await scene.link(token));
    await seen(page);
    // With the choice on its way, and not before: the page may ask for something else meanwhile.
    const isRevoked = Promise.withResolvers<void>();
    const revoked = async (route: Route) => {
      await scene.revoke(token);
      await route.continue();
      isRevoked.resolve();
    };
    await page.route("**/choices", revoked, { times: 1 });
    const judged = await press(page, "1");
    await isRevoked.promise;
    await page.getByText("You have no access: the token is expired, revoked or not of audience").waitFor();
    expect(await page.getByLabel("Link or token").inputValue()).toBe("");
    expect(await page.getByLabel("Your name").isVisible()).toBe(false);

    await page.goto(await scene.link());
    const next = await seen(page);
    expect(next.prompt).not.toBe(judged.prompt);
    await expect.poll(scene.preferences).toMatchObject([{ prompt: judged.prompt, chosen: judged.a, labeler: "ann" }]);
    expect(page.url()).toBe(`${scene.url}/rate`);
    await press(page, "0");
    await expect.poll(scene.comparisons).toHaveLength(2);
  });

  test("when a key or a button is hit twice: the second hit is none", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2", "p3", "p4");
    const page = await open();
    await begin(page, await scene.link());
    await seen(page);
    await page.getByRole("button", { name: "Tie" }).dblclick({ delay: 20 });
    await seen(page);
    await page.keyboard.down("1");
    await page.keyboard.down("1");
    await page.keyboard.up("1");
    await seen(page);
    await expect.poll(() => progress(page)).toMatch(/^2 judged/);
    expect(await scene.comparisons()).toHaveLength(2);
  });

  test("and one that came too late, since another rater has the pair, is told and not counted", async () => {
    const scene = await setScene();
    await scene.queue("p1");
    const page = await open();
    await begin(page, await scene.link());
    await seen(page);
    scene.later(11 * 60_000);
    const bob = await open();
    await begin(bob, await scene.link(), "bob");
    await seen(bob);
    await press(page, "1");
    await page
      .getByText("Your last choice did not count: the lease expired and another labeler has the pair")
      .waitFor();
    expect(await progress(page)).toMatch(/^0 judged/);
    await press(bob, "2");
    await expect.poll(scene.comparisons).toMatchObject([{ labeler: "bob" }]);
  });
});
