import type { Log } from "../../environment/log.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import { MAX_UNANSWERED_BATCHES } from "../../protocol/limits.ts";
import { type CancelFrame, type HelloFrame, linkHandshake, linkPath, type WelcomeFrame } from "../../protocol/link.ts";
import { createBackoff } from "../backoff.ts";
import { createOutageLog } from "../outage-log.ts";
import type { MailboxClock } from "../mailbox-clock.ts";
import type { Sink } from "../sink.ts";
import { dial, type DialFailure } from "./dial.ts";
import { beginLinkSession, type LinkSession, type ReadLag } from "./link-session.ts";
import { encodeReply, REPLY_LIMITS, type ReplyJson } from "./reply-json.ts";
import type { WorkerSignature } from "./worker-signature.ts";

export type LinkOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  readonly hello: Omit<HelloFrame, "type">;
  readonly signature: WorkerSignature;
  readonly clock: MailboxClock;
  readonly outages: LinkOutages;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
  /** It is open. */
  onOpen?(): void;
  onWelcome?(welcome: WelcomeFrame): void;
  onCancel?(cancel: CancelFrame): void;
  /** There if the hello says that it takes `lag`. */
  readonly readLag?: ReadLag | undefined;
  /** It could not be opened. `refused`: nor will it be soon. */
  onFailure?(kind: DialFailure["kind"]): void;
};

/** The link to a shard, as a sink. It opens by itself, and again whenever it is lost, until it is closed. */
export type Link = Sink<ReplyJson> & {
  readonly isOpen: boolean;
  /** Resolves once the attempt to open it that is under way, if any, has ended. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

/** All of the pause is left to chance: the links of all consumers are lost at once when a Worker is deployed. */
const RECONNECT = { firstMs: 100, mostMs: 5_000, jitter: 1 };
/** Somebody has to change something first. */
const RETRY_REFUSED_MS = 5 * 60_000;

/** What the log says of links that are down. */
export type LinkOutages = {
  /** @param why it is down: as a dial says it, or because it was lost */
  down(shard: number, why: DialFailure["kind"] | "lost", reason: string, retryInMs: number): void;
  up(shard: number): void;
};

/** A Worker that is started together with its consumers takes no longer. */
export const STARTING_MS = 5_000;
/** The longest pause meanwhile: everybody waits for the link. */
const STARTING_PAUSE_MS = 250;

/**
 * For all links of a process: they are mostly down together, so each reason is logged once until all of them are open again. That a Worker is not
 * there yet is nothing to warn of while it may be starting, too.
 */
export const createLinkOutages = (log: Log, time: Pick<Time, "now"> = systemTime): LinkOutages => {
  const outages = createOutageLog(log, "the links to the mailbox are open again");
  const shards = new Set<number>();
  const startedBy = time.now() + STARTING_MS;
  let isStarting = true;
  return {
    down(shard, why, reason, retryInMs) {
      isStarting &&= why === "away" && time.now() < startedBy;
      const line = { reason, shard, retryInMs };
      if (isStarting) return outages.debug(line, "a link to the mailbox cannot be opened yet");
      shards.add(shard);
      outages.warn(line, "a link to the mailbox is down, and replies go by POST meanwhile");
    },
    up(shard) {
      isStarting = false;
      if (shards.delete(shard) && shards.size === 0) outages.over();
    },
  };
};

/** Opens the link to a shard of the mailbox. */
export const openLink = (shard: number, options: LinkOptions): Link => {
  const { url, hello, signature, clock, outages, readLag = async () => [], time = systemTime, random } = options;
  const backoff = createBackoff({ ...RECONNECT, random });
  let session: LinkSession | undefined;
  let opening: PromiseWithResolvers<void> | undefined;
  let giveUp = (): void => {};
  let isClosed = false;
  let downBecause = "it is not open yet";
  const startedBy = time.now() + STARTING_MS;
  let timer: unknown;

  const open = async (): Promise<void> => {
    opening = Promise.withResolvers();
    const headers = await signature.sign({ body: linkHandshake(shard) });
    if (isClosed) return;
    const sentAt = time.now();
    giveUp = dial({
      url: url.replace(/^http/, "ws") + linkPath(shard),
      headers,
      time,
      onOpen(socket) {
        session = beginLinkSession({ socket, hello, time, onAnswer, onWelcome, onCancel: options.onCancel ?? (() => {}), readLag, onLost });
        settleOpening();
        options.onOpen?.();
      },
      onFailure(failure) {
        const isUnauthorized = failure.kind === "unauthorized";
        clock.dated(failure.date, sentAt, isUnauthorized ? "refused" : undefined);
        downBecause = isUnauthorized ? signature.refused(headers, failure.date) : failure.reason;
        openAgainIn(failure.kind === "refused" ? RETRY_REFUSED_MS : pauseAfter(failure.kind), failure.kind);
        settleOpening();
        options.onFailure?.(failure.kind);
      },
    });
  };

  const settleOpening = (): void => {
    opening?.resolve();
    opening = undefined;
  };

  // Only now, not when it opens: one that is opened and closed in turns comes back more and more slowly.
  const onAnswer = (): void => {
    backoff.reset();
    outages.up(shard);
  };

  const onWelcome = (welcome: WelcomeFrame, sentAt: number): void => {
    clock.welcomed(welcome.time, sentAt);
    options.onWelcome?.(welcome);
  };

  const onLost = (reason: string): void => {
    session = undefined;
    downBecause = reason;
    openAgainIn(pauseAfter("lost"), "lost");
  };

  const pauseAfter = (why: DialFailure["kind"] | "lost"): number => {
    const pauseMs = backoff.nextMs();
    return why === "away" && time.now() < startedBy ? Math.min(pauseMs, STARTING_PAUSE_MS) : pauseMs;
  };

  const openAgainIn = (delayMs: number, why: Parameters<LinkOutages["down"]>[1]): void => {
    const retryInMs = Math.round(delayMs);
    outages.down(shard, why, downBecause, retryInMs);
    timer = time.setTimeout(() => void open(), retryInMs);
  };

  void open();

  return {
    name: "link",
    limits: { ...REPLY_LIMITS, maxUnanswered: MAX_UNANSWERED_BATCHES },
    encode: encodeReply,
    get isOpen() {
      return session !== undefined;
    },
    settled: () => opening?.promise ?? Promise.resolve(),
    async send(batch) {
      if (session === undefined) await opening?.promise;
      return session === undefined ? { kind: "unavailable", reason: downBecause } : session.send(batch);
    },
    async close() {
      isClosed = true;
      time.clearTimeout(timer);
      giveUp();
      settleOpening();
      await session?.close();
      session = undefined;
    },
  };
};
