import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";

/** A log of JSON lines: the part of pino's logger that is used. `log.info({ account }, "closed")` writes the members beside the message. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "child">;

type LogOptions = { readonly LOG_LEVEL: string; readonly LOG_FORMAT: "json" | "pretty" };

const ignore = (): void => {};

/**
 * JSON lines on stdout for machines, or short lines for people.
 *
 * It writes to Node's own stdout. When the reader of the lines is gone, pino's own stream tries for ever to write the last of them while the
 * process exits. Node's stream emits an event, and the process can do its work and end.
 */
export const createLog = ({ LOG_LEVEL: level, LOG_FORMAT: format }: LogOptions, output: NodeJS.WritableStream = process.stdout): Log => {
  // Once, however many logs write there.
  if (!output.listeners("error").includes(ignore)) output.on("error", ignore);
  if (format === "json") return pino({ level }, output);
  const toShort = prettyFactory({ colorize: false, ignore: "pid,hostname,time", singleLine: true });
  return pino({ level }, { write: (line) => void output.write(toShort(line)) });
};
