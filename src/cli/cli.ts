import type { Command } from "./command.ts";
import { Failure, UsageError } from "./failure.ts";
import type { Host } from "./host.ts";
import { type Verb, verbs } from "./orders/orders.ts";

type Load = () => Promise<{ readonly command: Command }>;

/** Each command loads what it needs and nothing else. */
const COMMANDS = new Map<string, Load>([
  ["replay", () => import("./replay/command.ts")],
  ["plan", () => import("./plan/command.ts")],
  ["explain", () => import("./explain/command.ts")],
  ...verbs.map((verb): [string, Load] => [verb, () => loadOrder(verb)]),
]);

async function loadOrder(verb: Verb) {
  const { orderCommand } = await import("./orders/command.ts");
  return { command: orderCommand(verb) };
}

/** Runs `dpo ARGS` and returns the exit code: 0, 1 when it could not do its work, 2 when the command line is wrong. */
export async function runCli([name = "", ...args]: readonly string[], host: Host): Promise<number> {
  try {
    if (name === "--help" || name === "-h" || name === "help") {
      host.print(await overview());
      return 0;
    }
    const load = COMMANDS.get(name);
    if (load === undefined) throw new UsageError(`${unknown(name)}: one of ${[...COMMANDS.keys()].join(", ")}`);
    const { command } = await load();
    if (args.includes("--help") || args.includes("-h")) host.print(command.help);
    else await command.run(args, host);
    return 0;
  } catch (error) {
    if (!(error instanceof Failure) && !isWrongUsage(error)) throw error;
    const isUsage = error instanceof UsageError || isWrongUsage(error);
    host.note(`error: ${oneLine(error.message)}${isUsage ? helpHint(name) : ""}\n`);
    return isUsage ? 2 : 1;
  }
}

async function overview(): Promise<string> {
  const lines = [...COMMANDS].map(async ([name, load]) => `  ${name.padEnd(10)}${(await load()).command.summary}\n`);
  const commands = (await Promise.all(lines)).join("");
  return `Usage: dpo COMMAND [arguments]\n\n${commands}\nEach says more with --help.\n`;
}

function unknown(name: string): string {
  return name === "" ? "no command is given" : `there is no command "${name}"`;
}

function helpHint(name: string): string {
  return COMMANDS.has(name) ? `. See dpo ${name} --help` : ". See dpo --help";
}

function isWrongUsage(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
}
