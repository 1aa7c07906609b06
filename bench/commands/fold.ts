import { type AggregateState, createAggregateRuntime } from "../../consumer/deciders/aggregate-runtime.ts";
import { type Commit, decodeCommit, encodeCommit } from "../../protocol/commit-record.ts";
import { counting } from "./project/app/consumer.ts";

/** Events in a commit: as one command has them, and as an import has them. */
export const FOLD_SIZES = [1, 50] as const;

type Count = { readonly count: number };

/** Commits of one aggregate, each after the one before, as a reader has them. */
const createHistory = (commits: number, eventsEach: number): readonly ReturnType<typeof encodeCommit>[] => {
  const runtime = createAggregateRuntime("counter", counting);
  let current: AggregateState<Count> = runtime.initial("c");
  return Array.from({ length: commits }, (_, index) => {
    const decided = runtime.decide(current, {
      command: `command-${index}`,
      name: "repeat",
      request: { counter: "c", by: 1, times: eventsEach },
      at: new Date(0),
    });
    if (decided.kind === "repeat") throw new TypeError("Expected each command once");
    current = decided.next;
    return encodeCommit(decided.commit);
  });
};

export type FoldRates = {
  /** Events a second, of commits in memory. */
  readonly fold: number;
  /** The same, with what makes commits of records. */
  readonly decodeAndFold: number;
};

/** Folds a history over and over for so long. */
export const measureFold = (eventsEach: number, measureMs: number): FoldRates => {
  const records = createHistory(200, eventsEach);
  const commits = records.map((record) => decodeCommit(record));
  const runtime = createAggregateRuntime("counter", counting);
  const foldAll = (history: Iterable<Commit>): void => {
    let current: AggregateState<Count> = runtime.initial("c");
    for (const commit of history) {
      const next = runtime.fold(current, commit);
      if (next === undefined) throw new TypeError("Expected a commit that counts");
      current = next;
    }
    if (current.state.count !== records.length * eventsEach) throw new TypeError("Expected each event once");
  };
  const rateOf = (run: () => void): number => {
    run();
    const began = performance.now();
    let turns = 0;
    while (performance.now() - began < measureMs) {
      run();
      turns += 1;
    }
    return (turns * records.length * eventsEach * 1_000) / (performance.now() - began);
  };
  return { fold: rateOf(() => foldAll(commits)), decodeAndFold: rateOf(() => foldAll(records.map((record) => decodeCommit(record)))) };
};
