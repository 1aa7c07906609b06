import type { Time } from "../../environment/time.ts";
import type { ViewBatchResult } from "../../protocol/view-batch.ts";

/** What an edge says of itself when it has stored a batch. */
type Said = Omit<Extract<ViewBatchResult, { outcome: "stored" }>, "outcome">;

/** Asks the edge whether it still has what it had. @returns false if that comes of what is under way, and nothing is asked */
type Ask = () => boolean;

/** In a deploy two Workers may answer in turn, and say different things. */
const PAUSE_MS = 1_000;

/** Learns from any answer of the edge that it may have lost rows of other views and partitions, so that not each of them must ask all the time. */
export const createEdgeWatch = (time: Time) => {
  const asks = new Set<Ask>();
  let versions: string | undefined;
  let mayAskAt = Number.NEGATIVE_INFINITY;
  let timer: unknown;

  /** One speaks for all. */
  const askOne = (): void => {
    for (const ask of asks) if (ask()) return;
  };

  return {
    /** @returns what ends it */
    add(ask: Ask): () => void {
      asks.add(ask);
      return () => {
        asks.delete(ask);
        if (asks.size === 0) time.clearTimeout(timer);
      };
    },
    /** The edge has answered, and whoever asked knows what it has. */
    heard(said: Said, own: Ask): void {
      time.clearTimeout(timer);
      timer = said.askAgainMs === undefined ? undefined : time.setTimeout(askOne, said.askAgainMs);
      if (said.versions === undefined || said.versions === versions || time.elapsed() < mayAskAt) return;
      const isFirst = versions === undefined;
      versions = said.versions;
      if (isFirst) return;
      mayAskAt = time.elapsed() + PAUSE_MS;
      for (const ask of asks) if (ask !== own) ask();
    },
  };
};
