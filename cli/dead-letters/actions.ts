import type { Problem } from "../../protocol/problem.ts";
import type { Letter } from "./letter.ts";
import { asJson, listed, named, placeOf, shown } from "./letter-text.ts";
import type { DeadLetterLog } from "./log.ts";
import type { Redrive } from "./redrive-request.ts";
import type { Selection } from "./selection.ts";
import { settleLetter } from "./settle.ts";

/** Where lines go: what was asked for, and what else there is to say. */
export type Output = { print(line: string): void; say(line: string): void };

type Format = { readonly json: boolean };

/** How many letters were settled, and how many could not be. */
export type Settled = { readonly done: number; readonly failed: number };

/** Prints letters in a few lines each. @throws LogError */
export const listLetters = async ({ letters }: Selection, { print }: Output, { json }: Format): Promise<void> => {
  for await (const selected of letters()) print(json ? asJson(selected, { whole: false }) : listed(selected));
};

/** Prints letters with all that they hold. @throws LogError */
export const showLetters = async ({ letters }: Selection, { print }: Output, { json }: Format): Promise<void> => {
  for await (const selected of letters()) print(json ? asJson(selected, { whole: true }) : shown(selected));
};

type Settling = { readonly selection: Selection; readonly log: Pick<DeadLetterLog, "append">; readonly output: Output } & Format;

/**
 * Has the Worker send requests again, in their order, and settles their letters.
 * @throws WorkerError, LogError, after which nothing more is sent
 */
export const redriveLetters = async (redrive: Redrive, { selection, log, output, json }: Settling): Promise<Settled> => {
  const settled = { done: 0, failed: 0 };
  for await (const { letter } of selection.letters()) {
    const { text, ...told } = await redriveLetter(letter, redrive, log, output);
    settled[told.action === "redriven" ? "done" : "failed"] += 1;
    output.print(json ? JSON.stringify({ letter: placeOf(letter.record), ...told }) : `${named(letter)}\n    ${text}`);
  }
  return settled;
};

/** What became of one letter: for programs, and for people. */
type Told =
  | { readonly action: "redriven"; readonly correlationId: string; readonly text: string }
  | { readonly action: "refused"; readonly obstacle?: string | undefined; readonly problem?: Problem; readonly text: string };

/**
 * A crash after the Worker has sent the request leaves a letter that looks as if nothing had been done. The Worker remembers what it sent in the
 * place of which request, so the next call only settles the letter.
 */
const redriveLetter = async (letter: Letter, redrive: Redrive, log: Settling["log"], { say }: Output): Promise<Told> => {
  const { record, request, obstacle } = letter;
  const place = placeOf(record);
  if (request === undefined)
    return { action: "refused", obstacle, text: `not redriven: ${obstacle} Drop it: rejoinder dead-letters drop ${place}` };
  const result = await redrive(request);
  if (result.outcome === "refused") {
    const { problem } = result;
    return { action: "refused", problem, text: `not redriven: ${problem.code}: ${problem.detail ?? problem.title}` };
  }
  const { correlationId, before } = result;
  await settleLetter(log, record, { action: "redriven", correlationId }).catch((error: unknown) => {
    say(`${place} was redriven as ${correlationId}, but could not be marked so. It will be listed again.`);
    throw error;
  });
  const how = correlationId === request.correlationId ? "the same request" : "a new one: its deadline had passed";
  return { action: "redriven", correlationId, text: `${before ? "was redriven before" : "redriven"} as ${correlationId} (${how})` };
};

/** Settles letters without sending anything. @throws LogError */
export const dropLetters = async ({ selection, log, output, json }: Settling): Promise<Settled> => {
  let done = 0;
  for await (const { letter } of selection.letters()) {
    await settleLetter(log, letter.record, { action: "dropped" });
    done += 1;
    output.print(json ? JSON.stringify({ letter: placeOf(letter.record), action: "dropped" }) : `${named(letter)}\n    dropped`);
  }
  return { done, failed: 0 };
};
