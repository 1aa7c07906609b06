import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Log } from "../../../environment/log.ts";
import type { Time } from "../../../environment/time.ts";
import { RejoinderError } from "../../../protocol/errors.ts";
import { LINK_CLOSE, MAX_FRAME_BYTES } from "../../../protocol/link.ts";
import { createLinkAdmission } from "../../link/link-admission.ts";
import type { LinkEndpoint } from "../../link/link-endpoint.ts";
import type { OpenLink } from "../../link/link-route.ts";

/** A request for a WebSocket, as Node's HTTP server hands it over. */
export type Upgrade = { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

type LinksOptions = {
  readonly endpoint: LinkEndpoint;
  readonly time: Time;
  readonly log: Pick<Log, "warn">;
};

export type Links = {
  /** Opens a link for a request that {@link accept} has announced. */
  readonly openLink: OpenLink;
  /** Announces that a request can be upgraded. Returns whether that was done, once the request was answered. */
  announce(request: Request, upgrade: Upgrade): () => boolean;
  /** How many links are open. */
  count(): number;
  /** Tells every consumer that this process ends. Resolves once all links are closed, and what came over them is dealt with. */
  close(): Promise<void>;
  /** Cuts the links that are left. */
  cut(): void;
};

/** How often each link is pinged. One that has not answered by the next time is cut: its consumer is away, or the network is. */
const PING_MS = 20_000;

/** What the library reads of a frame. One that is not much too large is read, so that its consumer hears why the link is closed. */
const MOST_BYTES = 2 * MAX_FRAME_BYTES;

/** Never written: the socket was handed over. */
const SWITCHED = (): Response => new Response(null, { status: 204 });

/** The links of all shards, as WebSockets of this process. */
export const createLinks = ({ endpoint, time, log }: LinksOptions): Links => {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MOST_BYTES });
  const upgrades = new WeakMap<Request, Upgrade & { isTaken: boolean }>();
  const shards = new Map<number, { readonly refuse: ReturnType<typeof createLinkAdmission>; count: number }>();
  /** Each open link, and whether it has answered the last ping. */
  const isAnswered = new Map<WebSocket, boolean>();
  /** Frames that are being dealt with. */
  const frames = new Set<Promise<void>>();
  let isClosing = false;
  let whenEmpty: (() => void) | undefined;

  const shardOf = (number: number) => {
    let shard = shards.get(number);
    if (shard === undefined) shards.set(number, (shard = { refuse: createLinkAdmission(time.now), count: 0 }));
    return shard;
  };

  const serve = (number: number, socket: WebSocket): void => {
    const shard = shardOf(number);
    const isOpen = (): boolean => socket.readyState === socket.OPEN;
    const link = endpoint.open({
      shard: number,
      consumer: undefined,
      send: (text) => isOpen() && socket.send(text),
      close: (code, reason) => isOpen() && socket.close(code, reason),
    });
    shard.count++;
    isAnswered.set(socket, true);
    socket.on("message", (data, isBinary) => {
      const taken = link.message(isBinary ? (data as Buffer) : String(data)).finally(() => frames.delete(taken));
      frames.add(taken);
    });
    socket.on("pong", () => isAnswered.set(socket, true));
    // A frame that is too large or is none: the library has closed the link with the code for it.
    socket.on("error", (error) => log.warn({ err: error, shard: number }, "a link broke; its consumer will open another"));
    socket.on("close", () => {
      shard.count--;
      isAnswered.delete(socket);
      if (isAnswered.size === 0) whenEmpty?.();
    });
    if (isClosing) socket.close(LINK_CLOSE.goingAway, GOING_AWAY);
  };

  const ping = (): void => {
    pinging = time.setTimeout(ping, PING_MS);
    // Answers that came while this process was stopped are read first.
    time.setImmediate(() => {
      for (const [socket, answered] of isAnswered) {
        if (!answered) socket.terminate();
        else if (socket.readyState === socket.OPEN) {
          isAnswered.set(socket, false);
          socket.ping();
        }
      }
    });
  };
  let pinging = time.setTimeout(ping, PING_MS);

  return {
    async openLink(number, request) {
      const upgrade = upgrades.get(request);
      if (upgrade === undefined) throw new RejoinderError("UPGRADE_REQUIRED", { detail: "Expected the header Connection: Upgrade." });
      const refusal = shardOf(number).refuse(request, shardOf(number).count);
      if (refusal !== undefined) return refusal;
      upgrade.isTaken = true;
      sockets.handleUpgrade(upgrade.incoming, upgrade.socket, upgrade.head, (socket) => serve(number, socket));
      return SWITCHED();
    },

    announce(request, upgrade) {
      const announced = { ...upgrade, isTaken: false };
      upgrades.set(request, announced);
      return () => announced.isTaken;
    },

    count: () => isAnswered.size,

    async close() {
      isClosing = true;
      time.clearTimeout(pinging);
      const empty = new Promise<void>((resolve) => (whenEmpty = resolve));
      for (const socket of isAnswered.keys()) socket.close(LINK_CLOSE.goingAway, GOING_AWAY);
      if (isAnswered.size > 0) await empty;
      await Promise.all(frames);
    },

    cut() {
      for (const socket of isAnswered.keys()) socket.terminate();
    },
  };
};

const GOING_AWAY = "This process ends. Open another link, and send again what was not answered.";
