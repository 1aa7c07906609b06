import type { Problem } from "../../protocol/problem.ts";
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
 * Has the Worker send requests again, in their order, and settles their letters. A crash between the two leaves a letter that can be redriven once
 * more: a request of the same ID is answered once, but one that got a new ID would be sent twice.
 * @throws WorkerError, LogError, after which nothing more is sent
 */
export const redriveLetters = async (redrive: Redrive, { selection, log, output, json }: Settling): Promise<Settled> => {
  const settled = { done: 0, failed: 0 };
  for await (const { letter } of selection.letters()) {
    const place = placeOf(letter.record);
    const fail = (why: { readonly problem: Problem } | { readonly obstacle: string | undefined }, text: string): void => {
      settled.failed += 1;
      if (json) output.print(JSON.stringify({ letter: place, action: "refused", ...why }));
      else output.print(`${named(letter)}\n    not redriven: ${text}`);
    };
    const { request, obstacle } = letter;
    if (request === undefined) {
      fail({ obstacle }, `${obstacle} Drop it: rejoinder dead-letters drop ${place}`);
      continue;
    }
    const result = await redrive(request);
    if (result.outcome === "refused") {
      const { problem } = result;
      fail({ problem }, `${problem.code}: ${problem.detail ?? problem.title}`);
      continue;
    }
    const { correlationId } = result;
    await settleLetter(log, letter.record, { action: "redriven", correlationId }).catch((error: unknown) => {
      output.say(`${place} was redriven as ${correlationId}, but could not be marked so. It will be listed again.`);
      throw error;
    });
    settled.done += 1;
    const isSame = correlationId === request.correlationId;
    if (json) output.print(JSON.stringify({ letter: place, action: "redriven", correlationId }));
    else
      output.print(
        `${named(letter)}\n    redriven as ${correlationId} (${isSame ? "the same request" : "a new one: its deadline had passed"})`,
      );
  }
  return settled;
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
