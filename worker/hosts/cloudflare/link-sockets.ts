import { LINK_CLOSE, PING, PING_EVERY_SECONDS, PONG } from "../../../protocol/link.ts";
import { createLinkAdmission, MAX_LINKS } from "../../link/link-admission.ts";
import type { ConsumerLink, Link, LinkConsumer, LinkEndpoint, LinkSocket } from "../../link/link-endpoint.ts";
import { createPresence, type Heard } from "../../link/presence.ts";

/** Codes that no close frame has (RFC 6455 §7.4.1): there was none, or it said none. */
const NOT_SENT: ReadonlySet<number> = new Set([1_005, 1_006, 1_015]);

/** What a socket carries through hibernation. The platform keeps up to 2 KiB: names have at most half of it, and operations are bits. */
type Attachment = { readonly shard: number; readonly openedAt: number; readonly consumer?: AttachedConsumer | undefined };

/** Operations are a bit each, in the order of the contract: no link outlives a deployment, so the contract is the one that it was opened under. */
type AttachedConsumer = Omit<LinkConsumer, "operations"> & { readonly operations: Uint8Array };

/** A link whose last ping is older has lost its consumer, though nobody has said so: its machine is gone, or the network is. */
const SILENT_MS = 4 * PING_EVERY_SECONDS * 1_000;

type LinkSocketsOptions = {
  readonly endpoint: LinkEndpoint;
  /** The names of the contract's operations. */
  readonly operations: readonly string[];
  readonly heard: Heard;
};

/**
 * The links of an object as WebSockets that hibernate: the platform holds them while the object is not in memory, answers their pings itself,
 * and wakes the object for a frame. An object is never taken from memory while a frame is being dealt with.
 */
export const createLinkSockets = (ctx: DurableObjectState, { endpoint, operations, heard }: LinkSocketsOptions) => {
  const links = new WeakMap<WebSocket, Link>();
  const refuse = createLinkAdmission();
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));

  const openSockets = (): WebSocket[] => ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment() as Attachment;
  const isHandled = (bits: Uint8Array, index: number): boolean => ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

  const attach = ({ operations: handled, ...consumer }: LinkConsumer): AttachedConsumer => {
    const bits = new Uint8Array(Math.ceil(operations.length / 8));
    for (const [index, name] of operations.entries())
      if (handled.includes(name)) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    return { ...consumer, operations: bits };
  };
  const consumerOf = ({ consumer }: Attachment): LinkConsumer | undefined =>
    consumer && { ...consumer, operations: operations.filter((_, index) => isHandled(consumer.operations, index)) };

  /** Until when a link counts as one that has a consumer. */
  const aliveUntil = (socket: WebSocket, { openedAt }: Attachment): number =>
    (ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? openedAt) + SILENT_MS;

  const closeSilent = (sockets: readonly WebSocket[]): void => {
    for (const socket of sockets)
      if (Date.now() > aliveUntil(socket, attachmentOf(socket))) socket.close(LINK_CLOSE.goingAway, "There was no ping.");
  };

  const presence = createPresence({
    links: () =>
      openSockets().flatMap((socket) => {
        const attachment = attachmentOf(socket);
        const consumer = consumerOf(attachment);
        return consumer === undefined ? [] : { operations: consumer.operations, until: aliveUntil(socket, attachment) };
      }),
    heard,
  });

  const linkSocket = (socket: WebSocket): LinkSocket => {
    const attachment = attachmentOf(socket);
    let consumer = consumerOf(attachment);
    return {
      shard: attachment.shard,
      get consumer() {
        return consumer;
      },
      set consumer(said) {
        consumer = said;
        socket.serializeAttachment({ ...attachment, consumer: said && attach(said) } satisfies Attachment);
        if (said !== undefined) presence.came({ operations: said.operations, until: aliveUntil(socket, attachment) });
      },
      send(text) {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close(code, reason) {
        if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
        lost(socket);
      },
    };
  };

  const lost = (socket: WebSocket): void => presence.lost(consumerOf(attachmentOf(socket))?.operations ?? []);

  return {
    presence,

    /** Responds to a handshake: 101, or why not. */
    accept(request: Request): Response {
      // Only when somebody else needs the place: to look at each link takes a while.
      if (openSockets().length >= MAX_LINKS) closeSilent(openSockets());
      const refusal = refuse(request, openSockets().length);
      if (refusal !== undefined) return refusal;
      const { 0: theirs, 1: ours } = new WebSocketPair();
      ctx.acceptWebSocket(ours);
      ours.serializeAttachment({ shard: shardOf(request), openedAt: Date.now() } satisfies Attachment);
      return new Response(null, { status: 101, webSocket: theirs });
    },

    message(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
      let link = links.get(socket);
      if (link === undefined) links.set(socket, (link = endpoint.open(linkSocket(socket))));
      return link.message(data);
    },

    /** Answers the close frame of a consumer, which the platform leaves to the object. */
    closed(socket: WebSocket, code: number): void {
      if (NOT_SENT.has(code)) socket.close();
      else socket.close(code);
      lost(socket);
    },

    /** Must be called for a socket that broke. */
    lost,

    /** Tells the consumers that somebody wants to cancel a request. */
    cancel: (correlationId: string): void => endpoint.cancel(correlationId, openSockets().map(linkSocket)),

    /** The links whose consumers have said hello, with how far these are behind. */
    list: (): Promise<ConsumerLink[]> =>
      endpoint.withLag(
        openSockets().flatMap((socket) => {
          const { shard, openedAt } = attachmentOf(socket);
          const { consumer, send } = linkSocket(socket);
          return consumer === undefined ? [] : { shard, openedAt, consumer, send };
        }),
      ),
  };
};

export type LinkSockets = ReturnType<typeof createLinkSockets>;

const shardOf = ({ url }: Request): number => Number(new URL(url).pathname.split("/").at(-1));
