import { placeOf } from "../../worker/dead-letters/letter-place.ts";
import { viewOf, wholeViewOf } from "../../worker/dead-letters/letter-view.ts";
import type { DeadLetterLog } from "../../worker/dead-letters/log.ts";
import { type Redrive, type RedrivenLetter, redriveLetter } from "../../worker/dead-letters/redrive-letter.ts";
import type { Selection } from "../../worker/dead-letters/selection.ts";
import { settleLetter } from "../../worker/dead-letters/settle.ts";
import { listed, named, shown } from "./letter-text.ts";

/** Where lines go: what was asked for, and what else there is to say. */
export type Output = { print(line: string): void; say(line: string): void };

type Format = { readonly json: boolean };

/** How many letters were settled, and how many could not be. */
export type Settled = { readonly done: number; readonly failed: number };

/** Prints letters in a few lines each. @throws LogError */
export const listLetters = async ({ letters }: Selection, { print }: Output, { json }: Format): Promise<void> => {
  for await (const selected of letters()) print(json ? JSON.stringify(viewOf(selected)) : listed(selected));
};

/** Prints letters with all that they hold. @throws LogError */
export const showLetters = async ({ letters }: Selection, { print }: Output, { json }: Format): Promise<void> => {
  for await (const selected of letters()) print(json ? JSON.stringify(wholeViewOf(selected)) : shown(selected));
};

type Settling = { readonly selection: Selection; readonly log: Pick<DeadLetterLog, "append">; readonly output: Output } & Format;

/**
 * Has the Worker send requests again, in their order, and settles their letters.
 * @throws WorkerError, LogError, after which nothing more is sent
 */
export const redriveLetters = async (redrive: Redrive, { selection, log, output, json }: Settling): Promise<Settled> => {
  const settled = { done: 0, failed: 0 };
  for await (const { letter } of selection.letters()) {
    const place = placeOf(letter.record);
    const onUnsettled = (correlationId: string): void =>
      output.say(`${place} was redriven as ${correlationId}, but could not be marked so. It will be listed again.`);
    const result = await redriveLetter(letter, { redrive, log, onUnsettled });
    settled[result.action === "redriven" ? "done" : "failed"] += 1;
    output.print(json ? JSON.stringify({ letter: place, ...forPrograms(result) }) : `${named(letter)}\n    ${forPeople(result, place)}`);
  }
  return settled;
};

const forPrograms = (result: RedrivenLetter): object =>
  result.action === "redriven" ? { action: result.action, correlationId: result.correlationId } : result;

const forPeople = (result: RedrivenLetter, place: string): string => {
  if (result.action === "redriven") {
    const how = result.isSame ? "the same request" : "a new one: its deadline had passed";
    return `${result.before ? "was redriven before" : "redriven"} as ${result.correlationId} (${how})`;
  }
  if ("obstacle" in result) return `not redriven: ${result.obstacle} Drop it: rejoinder dead-letters drop ${place}`;
  const { code, detail, title } = result.problem;
  return `not redriven: ${code}: ${detail ?? title}`;
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
