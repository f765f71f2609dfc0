import { describe, expect, test } from "vitest";
import { lackOfBrowser, PHONE, useBrowser } from "./browser.ts";
import { useScenes } from "./scene.ts";
import { begin, press, progress, seen } from "./screen.ts";

const lack = await lackOfBrowser();

describe.skipIf(lack !== undefined)("on the rating page", () => {
  const open = useBrowser();
  const setScene = useScenes();

  test("each key is the choice that its button shows", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2", "p3", "p4", "p5", "p6");
    const page = await open();
    await begin(page, await scene.link());

    const first = [await press(page, "1"), await press(page, "ArrowLeft")];
    const second = [await press(page, "2"), await press(page, "ArrowRight")];
    const ties = [await press(page, "0"), await press(page, "ArrowDown")];

    await expect.poll(scene.comparisons).toHaveLength(6);
    const wanted = [
      ...first.map(({ prompt, a, b }) => ({ prompt, chosen: a, rejected: b, labeler: "ann" })),
      ...second.map(({ prompt, a, b }) => ({ prompt, chosen: b, rejected: a, labeler: "ann" })),
    ];
    expect(await scene.preferences()).toMatchObject(wanted);
    const outcomes = (await scene.comparisons()).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([
      ...wanted.map(({ chosen }) => (chosen.startsWith("candidate") ? 1 : 0)),
      ...ties.map(() => 0.5),
    ]);
    expect(await progress(page)).toBe("6 judged · none is waiting");
    for (const [button, keys] of Object.entries({
      "A is better": "1 ←",
      "B is better": "2 →",
      Tie: "0 ↓",
      Skip: "s",
      "Change last": "u",
    })) {
      expect(await page.getByRole("button", { name: button }).textContent()).toContain(keys);
    }
  });

  test("a phone has the answers below each other, and buttons for thumbs that stay where they are", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2", "p3");
    const long = { revision: "ca4d1da7e0", text: "A long answer.\n".repeat(200) };
    const pair = { canary: "assistant", prompt: "?", stable: { revision: "5ab1e00000", text: "short" } };
    await scene.call("POST", "/datasets/support/pairs", { ...pair, id: "p4", candidate: long });
    const page = await open(PHONE);
    await begin(page, await scene.link());

    const places = [];
    const judged = [];
    for (const button of ["A is better", "B is better", "Tie"]) {
      judged.push(await seen(page));
      places.push(await page.getByRole("button", { name: button }).boundingBox());
      await page.getByRole("button", { name: button }).tap();
    }
    expect((await seen(page)).prompt).toBe("?");
    for (const [i, button] of ["A is better", "B is better", "Tie"].entries()) {
      const place = await page.getByRole("button", { name: button }).boundingBox();
      expect(place).toEqual(places[i]);
      expect(place?.height).toBeGreaterThanOrEqual(48);
      expect(place?.width).toBeGreaterThanOrEqual(48);
    }
    const [a, b] = [await page.locator("#a-section").boundingBox(), await page.locator("#b-section").boundingBox()];
    expect(b?.y).toBeGreaterThan((a?.y ?? 0) + (a?.height ?? 0));
    expect(a?.width).toBeGreaterThan(PHONE.viewport?.width ? PHONE.viewport.width - 40 : 0);
    // Nothing but the pair scrolls, however long it is.
    const root = "document.documentElement";
    const size = await page.evaluate(`({ width: ${root}.scrollWidth, height: ${root}.scrollHeight })`);
    expect(size).toEqual(PHONE.viewport);

    await expect.poll(scene.comparisons).toHaveLength(3);
    expect(await scene.preferences()).toMatchObject([
      { prompt: judged[0]?.prompt, chosen: judged[0]?.a },
      { prompt: judged[1]?.prompt, chosen: judged[1]?.b },
    ]);
  });

  test("a pair that is skipped has no choice, comes back to nobody who had it, and is another rater's in the end", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2");
    const page = await open();
    await begin(page, await scene.link());
    const skipped = await press(page, "s");
    const other = await press(page, "1");
    expect(other.prompt).not.toBe(skipped.prompt);
    await expect.poll(() => progress(page)).toBe("1 judged · none is waiting");
    await page.locator("#empty", { hasText: "Nothing to judge just now" }).waitFor();

    scene.later(11 * 60_000);
    await page.waitForResponse("**/pairs/lease");
    expect(await page.locator("#prompt").textContent()).toBe("");
    const bob = await open();
    await begin(bob, await scene.link(), "bob");
    expect((await seen(bob)).prompt).toBe(skipped.prompt);
    expect(await scene.comparisons()).toHaveLength(1);
  });

  test.each([
    ["keys", {}, "1", "u", "2"],
    ["a thumb", PHONE, "A is better", "Change last", "B is better"],
  ])(
    "the last choice is changed by %s, and the pair that was there comes after it",
    async (_with, device, ...steps) => {
      const scene = await setScene();
      await scene.queue("p1", "p2");
      const page = await open(device);
      await begin(page, await scene.link());
      const act = (what: string) =>
        what.length === 1 ? page.keyboard.press(what) : page.getByRole("button", { name: what }).tap();
      const change = page.getByRole("button", { name: "Change last" });
      const [choice, again, other] = steps as [string, string, string];

      const first = await seen(page);
      expect(await change.getAttribute("aria-disabled")).toBe("true");
      await act(choice);
      await expect.poll(scene.preferences).toMatchObject([{ chosen: first.a }]);
      const second = await seen(page);
      await act(again);
      await expect.poll(() => progress(page)).toBe("You chose A: choose again, or skip");
      expect(await change.getAttribute("aria-disabled")).toBe("true");
      expect(await seen(page)).toEqual(first);
      await act(other);
      expect(await seen(page)).toEqual(second);

      await expect.poll(scene.preferences).toMatchObject([{ prompt: first.prompt, chosen: first.b, labeler: "ann" }]);
      expect(await scene.comparisons()).toMatchObject([{ sequence: 1 }, { sequence: 2, corrects: 1 }]);
      await expect.poll(() => progress(page)).toBe("1 judged · this is the last");
    },
  );

  test("the last choice is changed when none waits, and after the page was loaded again", async () => {
    const scene = await setScene();
    await scene.queue("p1");
    const page = await open();
    await begin(page, await scene.link());
    const pair = await press(page, "1");
    await page.locator("#empty", { hasText: "Nothing to judge just now" }).waitFor();
    await page.reload();
    await page.locator("#empty", { hasText: "Nothing to judge just now" }).waitFor();
    await page.keyboard.press("u");
    expect(await press(page, "0")).toEqual(pair);
    await expect.poll(scene.comparisons).toMatchObject([{}, { outcome: 0.5, corrects: 1 }]);
    expect(await scene.preferences()).toEqual([]);
  });

  test("what looks like markup is text: no script runs, no link is made, every character is shown", async () => {
    const scene = await setScene();
    const prompt = `<script>document.title = "owned"</script><b>bold</b> & &lt;`;
    const stable = `<img src=x onerror="document.title = 'owned'"> <a href="javascript:alert(1)">click</a>\n  two  spaces`;
    const candidate = "# Title\n**bold** [link](javascript:alert(1)) ![i](https://example.com/x.png) </div></main>";
    await scene.call("POST", "/datasets/support/pairs", {
      ...{ id: "p", canary: "assistant", prompt },
      stable: { revision: "5ab1e00000", text: stable },
      candidate: { revision: "ca4d1da7e0", text: candidate },
    });
    const page = await open();
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(scene.url)) foreign.push(request.url());
    });
    await begin(page, await scene.link(), "<i>ann</i>");
    const pair = await seen(page);
    expect(pair.prompt).toBe(prompt);
    expect([pair.a, pair.b].sort()).toEqual([candidate, stable].sort());
    expect(await page.locator("#judging :is(script, img, a, b, i)").count()).toBe(0);
    expect(await page.title()).toBe("Which answer is better?");
    expect(foreign).toEqual([]);
    await press(page, "1");
    await expect.poll(scene.comparisons).toMatchObject([{ labeler: "<i>ann</i>" }]);
  });

  test("the token of a link is in no address, no history and no URL that is asked for", async () => {
    const scene = await setScene();
    await scene.queue("p1");
    const token = await scene.newToken();
    const page = await open();
    const urls: string[] = [];
    page.on("request", (request) => urls.push(request.url()));
    await begin(page, await scene.link(token));
    await seen(page);
    expect(page.url()).toBe(`${scene.url}/rate`);
    expect(urls.length).toBeGreaterThan(5);
    // The first is the navigation as the browser was told it: a fragment is sent to no server.
    expect(urls.slice(1).filter((url) => url.includes(token))).toEqual([]);
    expect(await page.evaluate("localStorage.length + document.cookie.length")).toBe(0);
    const other = await page.context().newPage();
    await other.goto(`${scene.url}/rate`);
    await other.getByLabel("Link or token").waitFor();
  });

  test("a rater without a link gives namespace, dataset and token, or pastes the link", async () => {
    const scene = await setScene();
    await scene.queue("p1");
    const page = await open();
    await page.goto(`${scene.url}/rate`);
    await page.getByLabel("Your name").fill("ann");
    await page.getByLabel("Link or token").fill(await scene.link());
    expect(await page.getByLabel("Namespace").inputValue()).toBe(scene.namespace);
    await page.getByLabel("Dataset").press("Enter");
    expect((await seen(page)).prompt).toBe("prompt of p1");
  });

  test("a rater whose link is too old is told, and pastes a new token", async () => {
    const scene = await setScene();
    await scene.queue("p1");
    const page = await open();
    await begin(page, await scene.link("of.long.ago"));
    await page
      .getByText("You have no access: the token is expired, revoked or not of audience dpo-collector")
      .waitFor();
    await page.getByLabel("Link or token").fill(await scene.newToken());
    await page.getByRole("button", { name: "Begin" }).click();
    expect((await seen(page)).prompt).toBe("prompt of p1");
  });

  test("nobody waits for the next pair: it is there before the collector has answered", async () => {
    const scene = await setScene();
    await scene.queue("p1", "p2", "p3", "p4", "p5");
    const page = await open();
    await begin(page, await scene.link());
    await seen(page);
    await page.route("**/pairs/lease", () => undefined);
    await page.route("**/choices", () => undefined);
    const prompts = [await press(page, "1"), await press(page, "2"), await press(page, "0"), await seen(page)];
    expect(new Set(prompts.map(({ prompt }) => prompt)).size).toBe(4);
  });

  test("a new pair is found by a page that waits for one", async () => {
    const scene = await setScene();
    const page = await open();
    await begin(page, await scene.link());
    await page.locator("#empty", { hasText: "Nothing to judge just now" }).waitFor();
    await scene.queue("late");
    expect((await seen(page)).prompt).toBe("prompt of late");
  });

  test("a key scrolls a long text that has the focus, and is no choice while the instructions are open", async () => {
    const scene = await setScene();
    const long = { revision: "ca4d1da7e0", text: "A long answer.\n".repeat(200) };
    const pair = {
      canary: "assistant",
      prompt: "?",
      stable: { revision: "5ab1e00000", text: "A long answer.\n".repeat(99) },
    };
    await scene.call("POST", "/datasets/support/pairs", { ...pair, id: "p", candidate: long });
    const page = await open();
    await begin(page, await scene.link());
    await seen(page);
    await page.getByRole("region", { name: "Answer A" }).focus();
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => page.evaluate(`document.querySelector("#a-section").scrollTop`)).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Instructions" }).click();
    await page.keyboard.press("1");
    await page.getByRole("dialog", { name: "Instructions" }).getByText("Choose the one that").waitFor();
    await page.keyboard.press("Escape");
    expect((await seen(page)).prompt).toBe("?");
    expect(await scene.comparisons()).toEqual([]);
  });
});
