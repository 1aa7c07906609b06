import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

/** Writes one line of the shared terminal. */
export type WriteLine = (line: string) => void;

const WIDTH = 8;
const COLOURS: Readonly<Record<string, number>> = { gateway: 36, worker: 33, consumer: 35, start: 32 };

/** The lines of one part, each behind its name; the names in colour on a terminal only. */
export const createPrefix = (name: string, write: WriteLine, colour: boolean): WriteLine => {
  const padded = name.padEnd(WIDTH);
  const prefix = colour ? `\u001B[${COLOURS[name] ?? 37}m${padded}\u001B[0m | ` : `${padded} | `;
  return (line) => write(prefix + line);
};

/** Hands on a stream line by line, empty ones left out. */
export const forwardLines = (stream: Readable, write: WriteLine): void => {
  createInterface({ input: stream }).on("line", (line) => {
    if (line.trim() !== "") write(line);
  });
};
