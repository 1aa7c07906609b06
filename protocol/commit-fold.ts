import type { CommitLink } from "./commit-record.ts";

/**
 * Whether a commit counts. This is the whole rule, for every reader: it was decided on the last commit of its key that counts. A partition has one
 * order, so all readers find the same chain, and to append is to compare and set. All others are void: those of a writer that did not know the last
 * one, repeats, and whatever was decided on a void commit.
 * @param last the last commit of that key that counts; empty if there is none yet
 */
export const isNextCommit = (last: string, { after }: Pick<CommitLink, "after">): boolean => after === last;

/** Follows the commits of a partition, in its order. */
export type CommitFold = {
  /** Whether the next commit of the partition counts. If so, it is now the last one of its key. */
  add(link: CommitLink): boolean;
  /** The last commit of a key that counts; empty if there is none. */
  lastOf(key: string): string;
  /** How many commits counted, and how many were void: more than a few of these mean that two writers work against each other. */
  readonly counts: { readonly accepted: number; readonly void: number };
};

/** A fold that has read nothing yet. */
export const createCommitFold = (): CommitFold => {
  const last = new Map<string, string>();
  const counts = { accepted: 0, void: 0 };
  const lastOf = (key: string): string => last.get(key) ?? "";
  return {
    add(link) {
      const counted = isNextCommit(lastOf(link.key), link);
      counts[counted ? "accepted" : "void"] += 1;
      if (counted) last.set(link.key, link.commit);
      return counted;
    },
    lastOf,
    counts,
  };
};
