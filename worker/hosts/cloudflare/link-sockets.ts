import { LINK_CLOSE, PING, PING_EVERY_SECONDS, PONG } from "../../../protocol/link.ts";
import { createLinkAdmission, MAX_LINKS } from "../../link/link-admission.ts";
import type { Link, LinkConsumer, LinkEndpoint, LinkSocket } from "../../link/link-endpoint.ts";

/** Codes that no close frame has (RFC 6455 §7.4.1): there was none, or it said none. */
const NOT_SENT: ReadonlySet<number> = new Set([1_005, 1_006, 1_015]);

/** What a socket carries through hibernation. The platform keeps up to 2 KiB. */
type Attachment = { readonly shard: number; readonly openedAt: number; readonly consumer?: LinkConsumer | undefined };

/** A link whose last ping is older has lost its consumer, though nobody has said so: its machine is gone, or the network is. */
const SILENT_MS = 4 * PING_EVERY_SECONDS * 1_000;

/**
 * The links of an object as WebSockets that hibernate: the platform holds them while the object is not in memory, answers their pings itself,
 * and wakes the object for a frame. An object is never taken from memory while a frame is being dealt with.
 */
export const createLinkSockets = (ctx: DurableObjectState, endpoint: LinkEndpoint) => {
  const links = new WeakMap<WebSocket, Link>();
  const refuse = createLinkAdmission();
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));

  const openSockets = (): WebSocket[] => ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);

  const closeSilent = (sockets: readonly WebSocket[]): void => {
    for (const socket of sockets) {
      const { openedAt } = socket.deserializeAttachment() as Attachment;
      const heardAt = ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? openedAt;
      if (Date.now() - heardAt > SILENT_MS) socket.close(LINK_CLOSE.goingAway, "There was no ping.");
    }
  };

  return {
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
    },
  };
};

export type LinkSockets = ReturnType<typeof createLinkSockets>;

const shardOf = ({ url }: Request): number => Number(new URL(url).pathname.split("/").at(-1));

const linkSocket = (socket: WebSocket): LinkSocket => {
  const attachment = socket.deserializeAttachment() as Attachment;
  let { consumer } = attachment;
  return {
    shard: attachment.shard,
    get consumer() {
      return consumer;
    },
    set consumer(said) {
      consumer = said;
      socket.serializeAttachment({ ...attachment, consumer } satisfies Attachment);
    },
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close(code, reason) {
      if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
    },
  };
};
