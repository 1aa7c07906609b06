import { ConfigurationError } from "./environment.ts";

/** What is read, for a program that does nothing without it: a configuration that is wrong is printed, and ends the process with exit code 1. */
export const readOrExit = <Value>(read: () => Value): Value => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
};
