import type { Log } from "../../environment/log.ts";
import { pause, systemTime, type Time } from "../../environment/time.ts";
import { type HelloFrame, MAX_LINKED_SHARDS } from "../../protocol/link.ts";
import type { Hmac } from "../../protocol/webhook-signature.ts";
import type { Cancellations } from "../cancellations.ts";
import type { MailboxClock } from "../mailbox-clock.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "../observe/observer.ts";
import type { MailboxSinks, Sink } from "../sink.ts";
import { httpSink } from "./http.ts";
import { createLinkOutages, type Link, openLink, STARTING_MS } from "./link.ts";
import type { ReadLag } from "./link-session.ts";
import { createPresence } from "./presence.ts";
import type { ReplyJson } from "./reply-json.ts";
import { createWorkerSignature } from "./worker-signature.ts";

export type WorkerSinksOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  /** With the key that `REPLY_SECRET` holds first. */
  readonly hmac: Hmac;
  readonly hello: Pick<HelloFrame, "instance" | "version" | "operations">;
  /** Learns the Worker's time. */
  readonly clock: MailboxClock;
  /** Learns what is to be cancelled. Without it nothing is handled here: links open when there is a reply, and nobody need know of them before. */
  readonly cancellations?: Cancellations | undefined;
  /** Tells the mailbox, when it asks, how far this consumer is behind. Absent: it need not ask. */
  readonly readLag?: ReadLag | undefined;
  readonly observer?: ConsumerObserver | undefined;
  readonly log: Log;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

/** Mailboxes that have not answered a hello by then are of a version that does not. */
const WELCOME_MS = 2_000;

/** The sinks of a Worker: a link to each shard, and `POST /replies` for as long as the link is down. */
export const workerSinks = (options: WorkerSinksOptions): MailboxSinks => {
  const { url, hmac, clock, cancellations, readLag, observer = SILENT_OBSERVER, log, time = systemTime, random } = options;
  const takes = ["welcome", "cancel", ...(readLag === undefined ? [] : ["lag"])];
  const hello = cancellations === undefined ? options.hello : { ...options.hello, takes };
  const signature = createWorkerSignature({ hmac, clock });
  const outages = createLinkOutages(log, time);
  const post = httpSink({ url, signature, clock, time });
  const presence = createPresence({ announce: () => post.announce(hello.operations), time });
  const links: Link[] = [];
  const sinks = new Map<number, Sink<ReplyJson>>();
  /** The shards whose mailbox has not said at first what it has to say, nor failed to. */
  const awaited = new Set<number>();
  /** Aborts when there is none of them any more. */
  const begun = new AbortController();
  let isClosed = false;
  /** Nobody answered last. */
  let isAway = false;
  observer.watch({ links: () => ({ open: links.filter(({ isOpen }) => isOpen).length, wanted: isClosed ? 0 : links.length }) });

  const openSink = (shard: number): Sink<ReplyJson> => {
    const link = openLink(shard, {
      url,
      hello,
      signature,
      clock,
      outages,
      readLag,
      time,
      random,
      onOpen() {
        observer.workerReached(true);
        presence.end();
        isAway = false;
      },
      onWelcome: ({ shards }) => {
        openAll(shards);
        heard(shard);
      },
      onCancel: ({ correlationIds }) => cancellations?.add(correlationIds),
      onFailure(kind) {
        // Who refuses a link is there.
        observer.workerReached(kind === "refused");
        if (kind === "refused" && cancellations !== undefined) presence.begin();
        isAway = kind === "away";
        // Mostly because of the clocks, which the next attempt knows better.
        if (kind !== "unauthorized" && kind !== "away") heard(shard);
      },
    });
    links.push(link);
    return {
      name: post.name,
      limits: {
        ...post.limits,
        get maxUnanswered() {
          return (link.isOpen ? link : post).limits.maxUnanswered;
        },
      },
      encode: link.encode,
      async send(batch) {
        // It takes no longer than a POST, unless it fails.
        if (!link.isOpen) await link.settled();
        const attempt = await (link.isOpen ? link : post).send(batch);
        observer.workerReached(attempt.kind !== "unavailable");
        return attempt;
      },
    };
  };

  const sinkOf = (shard: number): Sink<ReplyJson> => {
    let sink = sinks.get(shard);
    // A record can name any shard, as can a forged one: the replies of all further ones go by POST together.
    if (sink === undefined && links.length === MAX_LINKED_SHARDS) return post;
    if (sink === undefined) {
      sink = openSink(shard);
      sinks.set(shard, sink);
    }
    return sink;
  };

  const openAll = (shards: number): void => {
    if (isClosed) return;
    for (let shard = 0; shard < Math.min(shards, MAX_LINKED_SHARDS); shard++) {
      if (!sinks.has(shard)) awaited.add(shard);
      sinkOf(shard);
    }
  };

  const heard = (shard: number): void => {
    awaited.delete(shard);
    // What the mailbox says after its welcome may be behind it in the same packet.
    if (awaited.size === 0) time.setImmediate(() => begun.abort());
  };

  return {
    async open() {
      if (cancellations === undefined || isClosed) return;
      openAll(1);
      await pause(time, WELCOME_MS, begun.signal);
      // It may have been started together with us, and by another clock.
      if (isAway) await pause(time, STARTING_MS - WELCOME_MS, begun.signal);
    },
    of: sinkOf,
    async close() {
      isClosed = true;
      begun.abort();
      presence.end();
      await Promise.all([...links.map((link) => link.close()), post.close()]);
    },
  };
};
