import { homedir } from "node:os";
import { runCli } from "./cli.ts";

/** The command line, and the only file of it that reads the process. `npm run` works in the folder of package.json. */
const isNpmScript = process.env.npm_lifecycle_event === "dpo";

// A reader that has seen enough, such as head, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: (isNpmScript && process.env.INIT_CWD) || process.cwd(),
  home: homedir(),
  environment: process.env,
  stdin: process.stdin,
  print: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
});
