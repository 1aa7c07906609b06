import { buildConsole } from "../../tools/console-build.ts";

/** Builds the console, which every start serves from the package. */
export const setup = (): Promise<void> => buildConsole();
