import { DefinitionError } from "../contract/definition-error.ts";
import { ConfigurationError } from "../environment/environment.ts";

/** Something that the user can correct. The message says how, and a stack would only hide it. */
export class ExpectedError extends Error {
  override readonly name: string = "ExpectedError";
}

/** Says why a program could not do its work, and ends the process with exit code 1. */
export const exitWith = (error: unknown): never => {
  console.error(toText(error));
  process.exit(1);
};

/** What to print for an error: a sentence if the user can correct it, otherwise the error with its stack. */
export const toText = (error: unknown): unknown => {
  if ([ExpectedError, ConfigurationError, DefinitionError].some((kind) => error instanceof kind)) return (error as Error).message;
  const { code, message = "" } = error as NodeJS.ErrnoException;
  const missing = code === "ERR_MODULE_NOT_FOUND" ? /^Cannot find package '(miniflare|esbuild|wrangler)'/.exec(message)?.[1] : undefined;
  return missing === undefined ? error : `Expected ${missing} to be installed in this project. Run: npm install --save-dev ${missing}.`;
};
