import { RejoinderError } from "../../protocol/errors.ts";
import {
  LINK_CLOSE,
  type HelloFrame,
  type MailboxFrame,
  type PartitionLag,
  MAX_FRAME_BYTES,
  PING,
  PONG,
  readConsumerFrame,
  type RefusedFrame,
  type RepliesFrame,
} from "../../protocol/link.ts";
import { shardOfCorrelationId } from "../../protocol/correlation-id.ts";
import { MAX_UNANSWERED_BATCHES } from "../../protocol/limits.ts";
import type { Outcome, Reply } from "../../protocol/reply-event.ts";
import { isLongerThan } from "../body.ts";
import type { Time } from "../../environment/time.ts";
import { readReplies } from "../reply-intake.ts";
import { createLagInquiry } from "./lag-inquiry.ts";

/** The mailbox's end of a WebSocket, as a host has it. */
export type LinkSocket = {
  /** The shard that the link is to. */
  readonly shard: number;
  /** Who is at the other end, once it has said so. The host keeps it for as long as the socket is open, even where memory does not last. */
  consumer: LinkConsumer | undefined;
  /** Sends a text frame. Never throws: what a closed socket cannot send is dropped. */
  send(text: string): void;
  /** Closes the socket; the reason has at most 123 bytes. Never throws. */
  close(code: number, reason: string): void;
};

/** What a consumer has said of itself. */
export type LinkConsumer = Pick<HelloFrame, "instance" | "version"> & {
  /** Those of the contract that it handles. */
  readonly operations: readonly string[];
  /** Whether it reads frames that tell it what to cancel. */
  readonly takesCancel: boolean;
  /** Whether it reads frames that ask how far it is behind. */
  readonly takesLag: boolean;
};

/** A link that is open, whose consumer has said hello. */
export type ConsumerLink = {
  readonly shard: number;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  readonly consumer: LinkConsumer;
  /** How far its consumer is behind; absent if it has not said so, as on the links to all shards but the first. */
  readonly lag?: readonly PartitionLag[] | undefined;
};

/** An open link. */
export type Link = {
  /** Takes a frame, and resolves once it is dealt with. Never rejects. */
  message(data: string | ArrayBuffer | ArrayBufferView): Promise<void>;
};

/** How a frame broke the protocol: the code and the reason to close with. */
type Violation = readonly [code: number, reason: string];

type LinkEndpointOptions = {
  /** See `createReplyIntake`. It resolves once the replies are durable. */
  readonly intake: (replies: readonly Reply[]) => Promise<readonly Outcome[]>;
  /** The names of the contract's operations: what else a consumer handles is of no concern here. */
  readonly operations: readonly string[];
  /** How many shards there are. */
  readonly shards: number;
  /** The correlation IDs of the requests that are to be cancelled, see {@link Mailbox}; those of other shards are left out here. */
  readonly openCancellations: () => readonly string[];
  readonly now?: () => number;
  /** For the wait for answers. */
  readonly time?: Time;
  readonly warn: (message: string) => void;
  readonly logError: (message: string, error: unknown) => void;
};

export type LinkEndpoint = {
  /**
   * Begins to serve a link, or goes on with one whose memory is gone: nothing was unanswered then. Call it once for each socket, and hand it
   * all that the socket receives.
   */
  open(socket: LinkSocket): Link;
  /** Tells the consumers at these sockets, as far as they read it, that somebody wants to cancel a request. */
  cancel(correlationId: string, sockets: Iterable<Pick<LinkSocket, "shard" | "consumer" | "send">>): void;
  /**
   * These links, with how far their consumers are behind. Those to shard 0 are asked, which each consumer has that handles anything, and a
   * moment is waited for their answers.
   */
  withLag(links: readonly AskableLink[]): Promise<ConsumerLink[]>;
};

/** A link whose consumer has said hello, and can be asked. */
export type AskableLink = Omit<ConsumerLink, "lag"> & Pick<LinkSocket, "send">;

/** How many requests one frame names: a consumer reads no frame over 1 MiB. */
const MAX_CANCELLATIONS = 1_000;

/**
 * The mailbox's side of links, on any host: reads frames, stores their replies, and answers each batch. The batches of a link are stored one
 * after the other. A frame that breaks the protocol closes its link with a reason; so does a failure of the storage. From then on nothing of
 * that link is stored, and its consumer sends again, in order, what was not answered. If the consumer leaves, what it had sent is stored.
 */
export const createLinkEndpoint = (options: LinkEndpointOptions): LinkEndpoint => {
  const inquiry = createLagInquiry(options.time);
  return {
    open(socket) {
      const { intake, operations, shards, openCancellations, now = Date.now, warn, logError } = options;
      let isOpen = true;
      let unanswered = 0;
      /** Of the frames of unanswered batches, in UTF-16 units: at most as many as their bytes. */
      let unansweredLength = 0;
      let stored: Promise<void> = Promise.resolve();

      const close = (code: number, reason: string): void => {
        if (!isOpen) return;
        isOpen = false;
        const who = socket.consumer === undefined ? "a consumer that has not said hello" : `consumer ${socket.consumer.instance}`;
        warn(`The link of ${who} to shard ${socket.shard} was closed (${code}): ${reason}`);
        socket.close(code, cut(reason));
      };

      const answer = (frame: MailboxFrame, length: number): void => {
        unanswered--;
        unansweredLength -= length;
        socket.send(JSON.stringify(frame));
      };

      const store = async ({ batch, replies }: RepliesFrame, length: number): Promise<void> => {
        if (!isOpen) return;
        try {
          const outcomes = await intake(readOwnReplies(socket.shard, replies));
          answer({ type: "results", batch, outcomes }, length);
        } catch (error) {
          if (isRefusal(error)) return answer({ type: "refused", batch, code: error.code, reason: error.message }, length);
          logError("A mailbox could not store a batch of replies; the consumer will send it again", error);
          // Not an outcome for each: the batches behind this one would overtake it.
          close(LINK_CLOSE.failed, "The batch could not be stored. Send it again.");
        }
      };

      /** What is wrong with a frame; undefined once it is taken. */
      const take = (data: string | object): Violation | undefined => {
        if (typeof data !== "string") return [LINK_CLOSE.unsupported, "Expected a frame of text, got one of bytes."];
        if (isLongerThan(data, MAX_FRAME_BYTES)) return [LINK_CLOSE.tooLarge, `Expected a frame of at most ${MAX_FRAME_BYTES} bytes.`];
        let frame;
        try {
          frame = readConsumerFrame(data);
        } catch (error) {
          return [LINK_CLOSE.invalid, (error as Error).message];
        }
        if ((frame.type === "hello") !== (socket.consumer === undefined))
          return [LINK_CLOSE.violation, "Expected one hello, as the first frame."];
        if (frame.type === "replies") return enqueue(frame, data.length);
        if (frame.type === "lag") inquiry.answered(socket, frame);
        else greet(frame);
        return undefined;
      };

      const greet = ({ instance, version, operations: said, takes = [] }: HelloFrame): void => {
        const handled = new Set(said);
        const takesCancel = takes.includes("cancel");
        socket.consumer = {
          instance,
          version,
          operations: operations.filter((name) => handled.has(name)),
          takesCancel,
          takesLag: takes.includes("lag"),
        };
        if (takes.includes("welcome")) socket.send(JSON.stringify({ type: "welcome", time: now(), shards } satisfies MailboxFrame));
        if (!takesCancel) return;
        const own = openCancellations().filter((correlationId) => shardOfCorrelationId(correlationId) === socket.shard);
        for (let first = 0; first < own.length; first += MAX_CANCELLATIONS)
          socket.send(cancelFrame(own.slice(first, first + MAX_CANCELLATIONS)));
      };

      const enqueue = (batch: RepliesFrame, length: number): Violation | undefined => {
        if (unanswered === MAX_UNANSWERED_BATCHES)
          return [LINK_CLOSE.violation, `Expected at most ${MAX_UNANSWERED_BATCHES} batches without an answer.`];
        if (unansweredLength + length > MAX_FRAME_BYTES)
          return [LINK_CLOSE.violation, `Expected at most ${MAX_FRAME_BYTES} bytes without an answer.`];
        unanswered++;
        unansweredLength += length;
        stored = stored.then(() => store(batch, length));
        return undefined;
      };

      return {
        async message(data) {
          if (!isOpen) return;
          if (data === PING) return socket.send(PONG);
          const violation = take(data);
          if (violation !== undefined) return close(...violation);
          await stored;
        },
      };
    },

    cancel(correlationId, sockets) {
      const shard = shardOfCorrelationId(correlationId);
      const frame = cancelFrame([correlationId]);
      for (const socket of sockets) if (socket.shard === shard && socket.consumer?.takesCancel === true) socket.send(frame);
    },

    async withLag(links) {
      const asked = links.filter(({ shard }) => shard === 0);
      const answers = await inquiry.ask(asked);
      return links.map((link) => {
        const { shard, openedAt, consumer } = link;
        return { shard, openedAt, consumer, lag: answers[asked.indexOf(link)] };
      });
    },
  };
};

const cancelFrame = (correlationIds: readonly string[]): string =>
  JSON.stringify({ type: "cancel", correlationIds } satisfies MailboxFrame);

/** @throws RejoinderError `INVALID_BATCH` or `BODY_TOO_LARGE` */
const readOwnReplies = (shard: number, events: readonly unknown[]): Reply[] => {
  const replies = readReplies(events);
  for (const { id, correlationId } of replies) {
    const other = shardOfCorrelationId(correlationId);
    // Never right, even if it were stored: waiters are in the shard that the correlation ID names.
    if (other !== shard)
      throw new RejoinderError("INVALID_BATCH", { detail: `Expected replies of shard ${shard}, got reply ${id} of shard ${other}.` });
  }
  return replies;
};

const isRefusal = (error: unknown): error is RejoinderError & { readonly code: RefusedFrame["code"] } =>
  error instanceof RejoinderError && (error.code === "INVALID_BATCH" || error.code === "BODY_TOO_LARGE");

const encoder = new TextEncoder();

/** The most that a close frame has room for (RFC 6455 §5.5). */
const MAX_REASON_BYTES = 123;

/** As much of a reason as fits, by whole characters. */
const cut = (reason: string): string => reason.slice(0, encoder.encodeInto(reason, new Uint8Array(MAX_REASON_BYTES)).read);
