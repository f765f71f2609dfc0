import { createServer } from "node:http";
import { utility } from "../../trainer-image/src/demo/utility.ts";

/**
 * Runs in a pod: a model that judges, behind OpenAI's chat completions, without the model. It likes courtesy, as the raters
 * of the demo do, leans to the first place as models do, and says so in more words than it was asked for.
 */

/** How much better the second answer has to be before it says so. */
const LEAN = 0.1;

const { JUDGE_KEY, JUDGE_MODEL } = process.env;

interface Question {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
}

function verdict(asked: string): string {
  const [first, second] = ["first answer", "second answer"].map((name) => utility(section(asked, name)));
  const better = (second ?? 0) - (first ?? 0) > LEAN ? 2 : 1;
  return `One of them is the more courteous one.\n**${better}**`;
}

function section(asked: string, name: string): string {
  return asked.split(`----- ${name} -----\n`)[1]?.split(`\n----- end of ${name} -----`)[0] ?? "";
}

const server = createServer(async (request, response) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.method === "GET") return answer(200, {});
  if (request.headers.authorization !== `Bearer ${JUDGE_KEY}`) return answer(401, { error: "which key is that?" });
  const { model, messages } = JSON.parse(Buffer.concat(chunks).toString()) as Question;
  if (request.url !== "/v1/chat/completions" || model !== JUDGE_MODEL) return answer(404, { error: "no such model" });
  return answer(200, {
    choices: [{ message: { role: "assistant", content: verdict(messages.at(-1)?.content ?? "") } }],
  });
});

server.listen(8080);
process.on("SIGTERM", () => server.close());
