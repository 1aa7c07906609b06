import { ConfigurationError } from "../environment/environment.ts";
import { DirectoryLockedError } from "./lock.ts";
import { PartFailedError } from "./part.ts";
import { PortTakenError } from "./port.ts";
import { ProxyCheckError } from "./proxy-check-error.ts";

/** What somebody at the terminal can mend; the stack would only hide the message. */
const EXPECTED = [ConfigurationError, DirectoryLockedError, PartFailedError, PortTakenError, ProxyCheckError];

/** Runs a program to its end and exits: 0 if it resolves, else 1 after saying why. */
export const runProgram = async (program: () => Promise<void>): Promise<never> => {
  try {
    await program();
    process.exit(0);
  } catch (error) {
    console.error(EXPECTED.some((type) => error instanceof type) ? (error as Error).message : error);
    process.exit(1);
  }
};
