import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Log } from "../../../environment/log.ts";
import type { Time } from "../../../environment/time.ts";
import { RejoinderError } from "../../../protocol/errors.ts";
import { shardOfCorrelationId } from "../../../protocol/correlation-id.ts";
import { LINK_CLOSE, MAX_FRAME_BYTES } from "../../../protocol/link.ts";
import { createLinkAdmission } from "../../link/link-admission.ts";
import type { Consumers } from "../../link/consumers.ts";
import type { AskableLink, ConsumerLink, LinkConsumer, LinkEndpoint, LinkSocket } from "../../link/link-endpoint.ts";
import type { OpenLink } from "../../link/link-route.ts";
import { createPresence, type Heard, type Presence } from "../../link/presence.ts";

/** A request for a WebSocket, as Node's HTTP server hands it over. */
export type Upgrade = { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

type LinksOptions = {
  readonly endpoint: LinkEndpoint;
  readonly heard: Heard;
  readonly time: Time;
  readonly log: Pick<Log, "warn">;
};

export type Links = {
  /** Opens a link for a request that {@link accept} has announced. */
  readonly openLink: OpenLink;
  /** Announces that a request can be upgraded. Returns whether that was done, once the request was answered. */
  announce(request: Request, upgrade: Upgrade): () => boolean;
  readonly consumers: Consumers;
  /** Whether it is known that no consumer of the operation is linked to that shard. */
  isMissing(shard: number, operation: string): boolean;
  /** Tells the consumers that somebody wants to cancel a request. */
  cancel(correlationId: string): void;
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
export const createLinks = ({ endpoint, heard, time, log }: LinksOptions): Links => {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MOST_BYTES });
  const upgrades = new WeakMap<Request, Upgrade & { isTaken: boolean }>();
  const shards = new Map<number, Shard>();
  /** Each open link, and whether it has answered the last ping. */
  const isAnswered = new Map<WebSocket, boolean>();
  /** Frames that are being dealt with. */
  const frames = new Set<Promise<void>>();
  const since = time.now();
  let isClosing = false;
  let whenEmpty: (() => void) | undefined;

  const shardOf = (number: number) => {
    let shard = shards.get(number);
    if (shard === undefined) shards.set(number, (shard = createShard(heard, time.now, since)));
    return shard;
  };

  const serve = (number: number, socket: WebSocket): void => {
    const shard = shardOf(number);
    const isOpen = (): boolean => socket.readyState === socket.OPEN;
    let consumer: LinkConsumer | undefined;
    const end: LinkEnd = {
      shard: number,
      openedAt: time.now(),
      get consumer() {
        return consumer;
      },
      set consumer(said) {
        consumer = said;
        if (said !== undefined) shard.presence.came({ operations: said.operations, until: Number.POSITIVE_INFINITY });
      },
      send: (text) => isOpen() && socket.send(text),
      close: (code, reason) => isOpen() && socket.close(code, reason),
    };
    const link = endpoint.open(end);
    shard.ends.add(end);
    isAnswered.set(socket, true);
    socket.on("message", (data, isBinary) => {
      const taken = link.message(isBinary ? (data as Buffer) : String(data)).finally(() => frames.delete(taken));
      frames.add(taken);
    });
    socket.on("pong", () => isAnswered.set(socket, true));
    // A frame that is too large or is none: the library has closed the link with the code for it.
    socket.on("error", (error) => log.warn({ err: error, shard: number }, "a link broke; its consumer will open another"));
    socket.on("close", () => {
      shard.ends.delete(end);
      shard.presence.lost(consumer?.operations ?? []);
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
      const refusal = shardOf(number).refuse(request, shardOf(number).ends.size);
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

    consumers: {
      async hear(operations) {
        const consumer = heard.write(operations, time.now());
        for (const { presence } of shards.values()) presence.came(consumer);
      },
      links: () => endpoint.withLag([...shards.values()].flatMap(({ ends }) => [...ends].filter(hasConsumer))),
    },

    isMissing: (number, operation) => shardOf(number).presence.isMissing(operation),

    cancel(correlationId) {
      const shard = shards.get(shardOfCorrelationId(correlationId));
      if (shard !== undefined) endpoint.cancel(correlationId, shard.ends);
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

/** The mailbox's end of a link. */
type LinkEnd = LinkSocket & Pick<ConsumerLink, "openedAt">;

type Shard = {
  readonly refuse: ReturnType<typeof createLinkAdmission>;
  /** Of the links that are open. */
  readonly ends: Set<LinkEnd>;
  readonly presence: Presence;
};

const createShard = (heard: Heard, now: () => number, since: number): Shard => {
  const ends = new Set<LinkEnd>();
  // Links whose consumers do not answer are cut, so each counts for as long as it is open.
  const links = () =>
    [...ends].flatMap(({ consumer }) =>
      consumer === undefined ? [] : { operations: consumer.operations, until: Number.POSITIVE_INFINITY },
    );
  return { refuse: createLinkAdmission(now), ends, presence: createPresence({ links, heard, now, since }) };
};

const hasConsumer = (end: LinkEnd): end is LinkEnd & AskableLink => end.consumer !== undefined;

const GOING_AWAY = "This process ends. Open another link, and send again what was not answered.";
