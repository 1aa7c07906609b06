import { createInterface } from "node:readline/promises";
import { UsageError } from "../command.ts";

/** Whom to ask: the terminal, if there is one. */
export type Terminal = { readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }; readonly output: NodeJS.WritableStream };

/**
 * Asks before something is done to many letters. One alone is done without a question.
 * @param verb what is done, such as `redrive`
 * @throws UsageError if there is nobody to ask
 */
export const mayActOn = async (
  verb: string,
  count: number,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> => {
  if (count <= 1) return true;
  if (input.isTTY !== true) throw new UsageError(`Expected --yes to ${verb} ${count} dead letters, since there is nobody to ask here.`);
  const terminal = createInterface({ input, output });
  try {
    const answer = await terminal.question(`${verb} ${count} dead letters? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
};
