import { type ConsumerFrame, type HelloFrame, linkHandshake, linkPath, type MailboxFrame } from "../../../protocol/link.ts";
import { createReplyEvent, type Reply } from "../../../protocol/reply-event.ts";
import { signWebhook } from "../../../protocol/webhook-signature.ts";
import { hmacOf } from "./replies.ts";
import { call, testEnv } from "./worker.ts";

export type Handshake = {
  readonly shard?: number;
  readonly id?: string;
  readonly secret?: string | undefined;
  readonly timestampSeconds?: number;
  /** Of which shard the signature speaks, if it is not the one that the link is to. */
  readonly signedShard?: number;
};

/** The headers of a handshake for a link. */
export const handshakeHeaders = async ({ shard = 0, signedShard = shard, id, secret, timestampSeconds }: Handshake = {}) => ({
  upgrade: "websocket",
  ...(await signWebhook(await hmacOf(secret ?? (testEnv.REPLY_SECRET.split(",")[0] as string)), {
    id: id ?? crypto.randomUUID(),
    timestampSeconds: timestampSeconds ?? Math.floor(Date.now() / 1_000),
    body: linkHandshake(signedShard),
  })),
});

/** Asks for a link; the response is 101, or says why not. */
export const requestLink = async (handshake: Handshake = {}): Promise<Response> =>
  call(linkPath(handshake.shard ?? 0), { headers: await handshakeHeaders(handshake) });

export type TestLink = {
  /** Sends a frame, or something that is none. */
  send(frame: ConsumerFrame | string | Uint8Array): void;
  /** The next text that the mailbox sends, in the order of arrival. */
  next(): Promise<string>;
  /** The same as a frame. */
  nextFrame(): Promise<MailboxFrame>;
  /** Resolves once the link is closed, by either side. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): void;
};

export const HELLO: HelloFrame = { type: "hello", instance: "consumer-1", version: "0.1.0", operations: ["sum"] };

/** Opens a link, and says hello if not told otherwise. */
export const openLink = async ({ hello = HELLO, ...handshake }: Handshake & { hello?: ConsumerFrame | null } = {}): Promise<TestLink> => {
  const response = await requestLink(handshake);
  const { webSocket: socket } = response;
  if (socket === null) throw new Error(`Expected a link, got ${response.status} ${await response.text()}`);
  const arrived: string[] = [];
  const awaited: ((text: string) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const next = awaited.shift();
    if (next === undefined) arrived.push(data as string);
    else next(data as string);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => {
      // Answers the close frame, which workerd does not do for clients.
      socket.close();
      resolve({ code, reason });
    });
  });
  socket.accept();
  const next = (): Promise<string> => {
    const text = arrived.shift();
    return text === undefined ? new Promise((resolve) => awaited.push(resolve)) : Promise.resolve(text);
  };
  const link: TestLink = {
    send: (frame) => socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
    next,
    nextFrame: async () => JSON.parse(await next()) as MailboxFrame,
    closed,
    close: () => socket.close(1_001, "The test ends."),
  };
  if (hello !== null) link.send(hello);
  return link;
};

/** A frame of replies. */
export const batchOf = (batch: number, ...replies: readonly Reply[]): ConsumerFrame => ({
  type: "replies",
  batch,
  replies: replies.map(createReplyEvent),
});
