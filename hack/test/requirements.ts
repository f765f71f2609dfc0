import { existsSync } from "node:fs";
import { CommandError, run } from "../lib/run.ts";

/** What this machine lacks to run a cluster: a Docker daemon that answers, or root on Debian to start one. */
export async function lackForCluster(): Promise<string | undefined> {
  if (await dockerAnswers()) return undefined;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version")) return undefined;
  return "no Docker daemon answers, and only root on Debian can start one: start Docker, or run this as root";
}

async function dockerAnswers(): Promise<boolean> {
  try {
    await run("docker", ["version"]);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
