import { type Entry, type EntryState, durationOf, isCutOff, stateOf } from "../requests/entry.ts";
import { formatDuration } from "./duration.ts";

/** What each state means, in the words of somebody who waits. */
export const MEANINGS: Readonly<Record<EntryState, string>> = {
  queued: "Waiting for a free connection",
  sending: "On its way to the Worker",
  accepted: "Accepted and produced: Kafka has it",
  processing: "A consumer works on it",
  cancelling: "It is to be cancelled, unless it ends first",
  succeeded: "The reply has arrived",
  failed: "It was handled, and failed",
  cancelled: "It was cancelled",
  expired: "The deadline passed without a reply",
  uncertain: "Kafka may have it; asking",
  refused: "The server did not take it",
  unanswered: "The server did not answer",
  unreachable: "Nobody knows what became of it",
  gone: "The server no longer knows it",
  stopped: "Nobody waits for it any more",
};

export const CUT_OFF = "The server cannot be reached. Asking again until it can.";

/** What to do about a state that does not explain itself. */
export const ADVICE: Partial<Readonly<Record<EntryState, string>>> = {
  unanswered:
    "Nobody knows whether the server took the request. The page sent it again under the same key until now. Check the network, then send it anew if doing it twice does no harm.",
  unreachable: "It was taken, and goes on without this page. Ask again once the server can be reached.",
  gone: "A status can be read as long as the operation keeps it. Send the request again if that does no harm.",
  stopped: "Only the wait has ended. What was sent goes on.",
};

/** One sentence for a screen reader: what happened last. */
export const announce = (entry: Entry): string =>
  isCutOff(entry)
    ? `${entry.operation}: the server cannot be reached.`
    : `${entry.operation}: ${stateOf(entry)} after ${formatDuration(durationOf(entry))}.`;
