import type WebSocket from "ws";
import type { RawData } from "ws";
import type { Time } from "../../environment/time.ts";
import {
  type CancelFrame,
  type ConsumerFrame,
  type HelloFrame,
  LINK_CLOSE,
  MAX_LAG_PARTITIONS,
  type LagRequestFrame,
  type PartitionLag,
  PING,
  PING_EVERY_SECONDS,
  PONG,
  readMailboxFrame,
  type RefusedFrame,
  type ResultsFrame,
  type WelcomeFrame,
} from "../../protocol/link.ts";
import type { Attempt, Batch } from "../sink.ts";
import { joinReplies, type ReplyJson } from "./reply-json.ts";

/** How far a consumer is behind, of each partition that it reads. */
export type ReadLag = () => Promise<readonly PartitionLag[]>;

type LinkSessionOptions = {
  /** Open, with nothing sent or received yet. */
  readonly socket: WebSocket;
  readonly hello: Omit<HelloFrame, "type">;
  readonly time: Time;
  /** The mailbox has answered something. */
  onAnswer(): void;
  /** The mailbox has answered the hello, which was sent at that time. */
  onWelcome(welcome: WelcomeFrame, sentAt: number): void;
  onCancel(cancel: CancelFrame): void;
  /** How far the consumer is behind, for a mailbox that asks. What rejects is not answered. */
  readonly readLag: ReadLag;
  /** It is over, and not because {@link LinkSession.close} was called. */
  onLost(reason: string): void;
};

/** A link from its hello until its socket is gone. */
export type LinkSession = {
  /** Sends a batch. Resolves once the mailbox has answered it, or the session is over. */
  send(batch: Batch<ReplyJson>): Promise<Attempt>;
  /** Says goodbye, and resolves once the mailbox has, too, or does not in time. */
  close(): Promise<void>;
};

const PING_EVERY_MS = PING_EVERY_SECONDS * 1_000;
/** A mailbox that has not answered a batch by then will not answer. It is noticed after twice that time at most. */
const RESULTS_MS = 10_000;
/** How long a goodbye may take. */
const CLOSE_MS = 1_000;

type AnswerFrame = ResultsFrame | RefusedFrame;
type Unanswered = { readonly batch: Batch<ReplyJson>; readonly resolve: (attempt: Attempt) => void };

/** Begins with hello. Batches travel under numbers, and the answers to them bring these numbers back. */
export const beginLinkSession = ({
  socket,
  hello,
  time,
  onAnswer,
  onWelcome,
  onCancel,
  readLag,
  onLost,
}: LinkSessionOptions): LinkSession => {
  /** In the order in which they were sent. */
  const unanswered = new Map<number, Unanswered>();
  let batches = 0;
  let isOver = false;
  let isHeard = true;
  let isWatching = false;
  let failure: string | undefined;
  let pingTimer: unknown;
  let resultsTimer: unknown;

  const end = (reason: string, closeCode?: number): void => {
    isOver = true;
    time.clearTimeout(pingTimer);
    time.clearTimeout(resultsTimer);
    // Of several batches, none can be blamed for a frame that was too large.
    const isTooLarge = closeCode === LINK_CLOSE.tooLarge && unanswered.size === 1;
    for (const { resolve } of unanswered.values()) resolve(isTooLarge ? { kind: "too-large" } : { kind: "unavailable", reason });
    unanswered.clear();
  };

  const drop = (reason: string, how: () => void): void => {
    end(reason);
    how();
    onLost(reason);
  };
  // Who does not answer would not answer a goodbye either.
  const dropSilent = (what: string, ms: number): void => drop(`no answer to ${what} within ${ms} ms`, () => socket.terminate());
  const dropInvalid = (reason: string, code: number): void => drop(reason, () => socket.close(code, reason.slice(0, 100)));

  const ping = (): void => {
    pingTimer = time.setTimeout(() => {
      if (!isHeard) return dropSilent("a ping", PING_EVERY_MS);
      isHeard = false;
      socket.send(PING);
      ping();
    }, PING_EVERY_MS);
  };

  // One timer for all batches, set anew only when it has run: setting one for each would cost more than sending a small batch.
  const watch = (): void => {
    const sent = batches;
    isWatching = true;
    resultsTimer = time.setTimeout(() => {
      isWatching = false;
      const [oldest] = unanswered.keys();
      if (oldest === undefined) return;
      if (oldest >= sent) return watch();
      dropSilent("a batch", RESULTS_MS);
    }, RESULTS_MS);
  };

  const read = (data: RawData, isBinary: boolean): void => {
    if (isOver) return;
    if (isBinary) return dropInvalid("Expected a frame of text, got one of bytes.", LINK_CLOSE.unsupported);
    isHeard = true;
    const text = String(data);
    if (text === PONG) return onAnswer();
    try {
      const frame = readMailboxFrame(text);
      if (frame.type === "welcome") onWelcome(frame, helloAt);
      else if (frame.type === "cancel") onCancel(frame);
      else if (frame.type === "lag") void tellLag(frame);
      else settle(frame);
      onAnswer();
    } catch (error) {
      dropInvalid((error as Error).message, LINK_CLOSE.invalid);
    }
  };

  const tellLag = async ({ ask }: LagRequestFrame): Promise<void> => {
    const all = await readLag().catch(() => undefined);
    if (all === undefined || isOver) return;
    const partitions = all.toSorted((one, other) => other.lag - one.lag).slice(0, MAX_LAG_PARTITIONS);
    socket.send(JSON.stringify({ type: "lag", ask, partitions } satisfies ConsumerFrame));
  };

  /** @throws Error if the frame answers nothing that was sent */
  const settle = (frame: AnswerFrame): void => {
    const found = unanswered.get(frame.batch);
    const count = frame.type === "results" ? frame.outcomes.length : found?.batch.replies.length;
    if (found === undefined || found.batch.replies.length !== count)
      throw new Error(`Expected an answer to a batch that was sent, got one to batch ${frame.batch} with ${count} outcomes.`);
    unanswered.delete(frame.batch);
    found.resolve(attemptOf(frame, found.batch));
  };

  socket.on("message", read);
  socket.on("error", (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
  socket.on("close", (code, bytes) => {
    if (isOver) return;
    const said = bytes.toString();
    const reason = failure ?? (said === "" ? `it was closed with ${code}` : `it was closed with ${code}: ${said}`);
    end(reason, code);
    onLost(reason);
  });
  const helloAt = time.now();
  socket.send(JSON.stringify({ type: "hello", ...hello }));
  ping();

  return {
    send: (batch) =>
      new Promise((resolve) => {
        if (isOver) return resolve({ kind: "unavailable", reason: "the link was closed" });
        const number = batches++;
        unanswered.set(number, { batch, resolve });
        if (!isWatching) watch();
        socket.send(`{"type":"replies","batch":${number},"replies":${joinReplies(batch.replies)}}`);
      }),
    close: () =>
      new Promise((resolve) => {
        if (isOver) return resolve();
        end("the link was closed");
        const timer = time.setTimeout(() => socket.terminate(), CLOSE_MS);
        socket.on("close", () => {
          time.clearTimeout(timer);
          resolve();
        });
        socket.close(LINK_CLOSE.goingAway, "The consumer ends.");
      }),
  };
};

const attemptOf = (frame: AnswerFrame, { replies }: Batch<ReplyJson>): Attempt => {
  if (frame.type === "results")
    return { kind: "answered", results: frame.outcomes.map((outcome, index) => ({ id: (replies[index] as ReplyJson).id, outcome })) };
  return frame.code === "BODY_TOO_LARGE" ? { kind: "too-large" } : { kind: "refused", reason: frame.reason };
};
