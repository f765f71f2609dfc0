/**
 * Structured logs: JSON in the cluster, readable on a terminal. Log names and numbers, never whole objects: they may hold
 * what nobody should read in a log.
 */
import { type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

export interface LoggerOptions {
  /** The role: manager, collector … */
  readonly name: string;
  readonly level: string;
  /** Whether a person reads along. */
  readonly terminal: boolean;
}

export async function createLogger({ name, level, terminal }: LoggerOptions): Promise<Logger> {
  const options = { name, level, base: { name }, redact: ["*.token", "*.authorization", "headers.authorization"] };
  if (!terminal) return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime });
  // Loaded for a person only: the image is without it.
  const { build: pretty } = await import("pino-pretty");
  return pino(options, pretty({ ignore: "name", translateTime: "SYS:HH:MM:ss.l" }));
}

/** For tests: says nothing. */
export function silentLogger(): Logger {
  return pino({ level: "silent" });
}
