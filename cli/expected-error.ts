import { ConfigurationError } from "../environment/environment.ts";

/** What somebody at the terminal can mend: the message says how, and a stack would only hide it. */
export class ExpectedError extends Error {
  override readonly name: string = "ExpectedError";
}

/** Says why a program could not do its work, and ends the process with exit code 1. */
export const exitWith = (error: unknown): never => {
  console.error(error instanceof ExpectedError || error instanceof ConfigurationError ? error.message : error);
  process.exit(1);
};
