import { fileURLToPath } from "node:url";
import { createPart } from "../../cli/part.ts";
import { forkProgram, inheritedVariables } from "../forked-program.ts";
import type { Removable } from "../lifetime.ts";
import type { BareAnswers } from "./bare-answers.ts";

/** One process, at a URL for each set of answers: the same path can so be answered in several ways. */
export type BareProcess<Name extends string> = Removable & { readonly urls: Readonly<Record<Name, string>> };

const PROGRAM = fileURLToPath(new URL("bare-server.ts", import.meta.url));

/** Starts a bare server with what it is to answer. Ask it only for what it was given: anything else is 404. */
export const startBareProcess = async <Name extends string>(sets: Readonly<Record<Name, BareAnswers>>): Promise<BareProcess<Name>> => {
  const part = createPart({
    name: "bare server",
    say: console.error,
    spawn: () => {
      const child = forkProgram(PROGRAM, [], inheritedVariables());
      child.send(sets);
      return child;
    },
  });
  const { urls } = await part.start();
  return { urls: urls as Readonly<Record<Name, string>>, remove: () => part.stop(0) };
};
