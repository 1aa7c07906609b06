import { ConfigurationError } from "./environment.ts";

/** What is read, for a program that does nothing without it: a configuration that is wrong is printed, and ends the process with exit code 1. */
export const readOrExit = <Value>(read: () => Value): Value => {
  try {
    return read();
  } catch (error) {
    return exitIfMisconfigured(error);
  }
};

/** The same for what shows only later, such as an address where nobody answers. @throws any other error, unchanged */
export const exitIfMisconfigured = (error: unknown): never => {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exit(1);
};
