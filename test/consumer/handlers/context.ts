import type { HandlerContext } from "../../../consumer/handler.ts";
import { createRecordedLog } from "../log.ts";

/** A context with a minute left. */
export const createContext = (operation: string, signal: AbortSignal = new AbortController().signal): HandlerContext => ({
  correlationId: "c".repeat(63),
  operation,
  deadline: new Date(Date.now() + 60_000),
  signal,
  log: createRecordedLog(),
});
