import { TERMINAL_STATES } from "../../protocol/states.ts";
import { durationOf, isEnd, stateOf } from "./entry.ts";
import type { Log } from "./log.ts";
import type { Measures } from "./measures.ts";

/** Measures what the log tells. */
export const measureLog = (log: Log, measures: Measures): void => {
  const open = new Set<string>();
  log.onChange((id, entry) => {
    const state = entry && stateOf(entry);
    if (entry !== undefined && state !== undefined && !isEnd(state)) {
      if (state === "queued" || open.has(id)) return;
      open.add(id);
      if (state === "sending") measures.sent();
      else measures.opened();
      return;
    }
    if (!open.delete(id)) return;
    const hasEnded = (TERMINAL_STATES as readonly unknown[]).includes(state);
    measures.closed(entry !== undefined && hasEnded ? durationOf(entry) : undefined);
  });
};
