import type { ProcessEnvironment } from "./start/part-environments.ts";

/**
 * The headers by which the Worker knows who uses the command: REJOINDER_TOKEN, an API key or a token. A variable, since every user of the
 * machine can read a command line.
 */
export const callerHeaders = (environment: ProcessEnvironment): Readonly<Record<string, string>> => {
  const { REJOINDER_TOKEN: token } = environment;
  return token === undefined || token === "" ? {} : { authorization: `Bearer ${token}` };
};
