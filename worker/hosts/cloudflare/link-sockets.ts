import { PING, PONG } from "../../../protocol/link.ts";
import { createLinkAdmission } from "../../link/link-admission.ts";
import type { Link, LinkConsumer, LinkEndpoint, LinkSocket } from "../../link/link-endpoint.ts";

/** What a socket carries through hibernation. The platform keeps up to 2 KiB. */
type Attachment = { readonly shard: number; readonly consumer?: LinkConsumer | undefined };

/**
 * The links of an object as WebSockets that hibernate: the platform holds them while the object is not in memory, answers their pings itself,
 * and wakes the object for a frame. An object is never taken from memory while a frame is being dealt with.
 */
export const createLinkSockets = (ctx: DurableObjectState, endpoint: LinkEndpoint) => {
  const links = new WeakMap<WebSocket, Link>();
  const refuse = createLinkAdmission();
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));

  return {
    /** Responds to a handshake: 101, or why not. */
    accept(request: Request): Response {
      const open = ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
      const refusal = refuse(request, open.length);
      if (refusal !== undefined) return refusal;
      const { 0: theirs, 1: ours } = new WebSocketPair();
      ctx.acceptWebSocket(ours);
      ours.serializeAttachment({ shard: shardOf(request) } satisfies Attachment);
      return new Response(null, { status: 101, webSocket: theirs });
    },

    message(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
      let link = links.get(socket);
      if (link === undefined) links.set(socket, (link = endpoint.open(linkSocket(socket))));
      return link.message(data);
    },
  };
};

export type LinkSockets = ReturnType<typeof createLinkSockets>;

const shardOf = ({ url }: Request): number => Number(new URL(url).pathname.split("/").at(-1));

const linkSocket = (socket: WebSocket): LinkSocket => {
  let { shard, consumer } = socket.deserializeAttachment() as Attachment;
  return {
    shard,
    get consumer() {
      return consumer;
    },
    set consumer(said) {
      consumer = said;
      socket.serializeAttachment({ shard, consumer } satisfies Attachment);
    },
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close(code, reason) {
      if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
    },
  };
};
