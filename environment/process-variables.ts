import * as z from "zod";

/** What every process that runs on Node reads, beside variables of its own. */
export const processVariables = {
  /** Nothing for each request. */
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"], "Expected debug, info, warn or error.").default("info"),
  /** Machines read it more often than people. */
  LOG_FORMAT: z.enum(["json", "pretty"], "Expected json or pretty.").default("json"),
  /** A service outlives the shell that started it; a part of something does not. */
  EXIT_WITH_PARENT: z.stringbool("Expected 1 or 0.").default(false),
};
