import type { Outcome } from "../../protocol/reply-event.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { NewReply } from "../status-store.ts";
import type { Rows } from "./rows.ts";
import { type KeptStatus, settle } from "./rules.ts";

type SettleOptions = { readonly rows: Rows; readonly now: number };

/**
 * Stores what replies make of their statuses, within a transaction.
 * @param archived for each reply the status that moved to KV, if one did
 * @returns an outcome for each reply and, by correlation ID, the statuses that waiters are to hear of
 */
export const settleReplies = (
  options: SettleOptions,
  replies: readonly NewReply[],
  archived: readonly (KeptStatus | "unreadable" | undefined)[],
): { readonly outcomes: Outcome[]; readonly news: ReadonlyMap<string, KeptStatus> } => {
  const news = new Map<string, KeptStatus>();
  const outcomes = replies.map((reply, index): Outcome => {
    const recalled = archived[index];
    if (options.now >= reply.key.expiresAt) return "unknown";
    if (recalled === "unreadable") return "retry";
    const settled = settleOne(options, reply, recalled);
    if (settled.news !== undefined) news.set(reply.key.text, settled.news);
    return settled.outcome;
  });
  return { outcomes, news };
};

const settleOne = (
  { rows, now }: SettleOptions,
  reply: NewReply,
  recalled: KeptStatus | undefined,
): { outcome: Outcome; news?: KeptStatus | undefined } => {
  const first = settle(recalled, reply, now);
  // Most replies are the first of their request: a row is looked for only if there is one.
  if (first.next !== undefined && rows.insert(reply.key, first.next, now)) {
    if (first.chunks !== undefined) rows.addChunks(reply.key, first.chunks);
    return { outcome: first.outcome, news: first.next };
  }
  const current = rows.find(reply.key);
  if (current === undefined) return first;
  const { outcome, next, chunks } = settle(current, reply, now);
  if (next !== undefined) rows.update(reply.key, next);
  if (chunks !== undefined) rows.addChunks(reply.key, chunks);
  // An end that is there already may have become durable only now, after a write that failed.
  return { outcome, news: next ?? (isTerminal(current.state) ? current : undefined) };
};
