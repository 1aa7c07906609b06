import * as z from "zod";
import { integer } from "./variables.ts";

/** What every process that runs on Node reads, beside variables of its own. */
export const processVariables = {
  /** Nothing for each request. */
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"], "Expected debug, info, warn or error.").default("info"),
  /** Machines read it more often than people. */
  LOG_FORMAT: z.enum(["json", "pretty"], "Expected json or pretty.").default("json"),
  /** A service outlives the shell that started it; a part of something does not. */
  EXIT_WITH_PARENT: z.stringbool("Expected 1 or 0.").default(false),
};

/** Where a process shows its metrics, beside what it is for. */
export const metricsVariables = {
  /** Absent: no metrics. They are not for the callers of an API, so they have a port of their own. */
  METRICS_PORT: integer(0, 65_535).optional(),
  /** Reachable from this machine only, until somebody decides otherwise. */
  METRICS_HOST: z.string().default("127.0.0.1"),
};
