import { type Logger, pino } from "pino";
import { PinoPretty } from "pino-pretty";

/** Where lines of the log go; a subset of pino's logger. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "child">;

export type LogOptions = { readonly level: string; readonly format: "json" | "pretty" };

/** JSON lines on stdout for machines, or short lines for people. */
export const createLog = ({ level, format }: LogOptions): Log =>
  format === "json"
    ? pino({ level })
    : // In this thread, and at once: a line must be out before the process ends.
      pino({ level }, PinoPretty({ sync: true, colorize: false, ignore: "pid,hostname,time", singleLine: true }));
