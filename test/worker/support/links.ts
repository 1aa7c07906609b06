import { type ConsumerFrame, type HelloFrame, linkHandshake, linkPath, type MailboxFrame } from "../../../protocol/link.ts";
import { createReplyEvent, type Reply } from "../../../protocol/reply-event.ts";
import { signWebhook } from "../../../protocol/webhook-signature.ts";
import { hmacOf } from "./replies.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { testEnv } from "./worker.ts";

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
  ...(await signWebhook(await hmacOf(secret ?? (testEnv.REPLY_SECRET.split(",")[0] as string)), {
    id: id ?? crypto.randomUUID(),
    timestampSeconds: timestampSeconds ?? Math.floor(Date.now() / 1_000),
    body: linkHandshake(signedShard),
  })),
});

const connect = async (handshake: Handshake) => host.connect(linkPath(handshake.shard ?? 0), await handshakeHeaders(handshake));

/** Asks for a link that is refused, and resolves to the response. */
export const requestLink = async (handshake: Handshake = {}): Promise<Response> => {
  const answer = await connect(handshake);
  if (answer instanceof Response) return answer;
  throw new Error("Expected the link to be refused, but it is open");
};

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
  const socket = await connect(handshake);
  if (socket instanceof Response) throw new Error(`Expected a link, got ${socket.status} ${await socket.text()}`);
  const arrived: string[] = [];
  const awaited: ((text: string) => void)[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.listen({
      message(text) {
        const next = awaited.shift();
        if (next === undefined) arrived.push(text);
        else next(text);
      },
      close: (code, reason) => resolve({ code, reason }),
    });
  });
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
