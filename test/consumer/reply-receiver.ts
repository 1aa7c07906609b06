import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { type WebSocket, WebSocketServer } from "ws";
import {
  type HelloFrame,
  LINK_CLOSE,
  LINK_TOLERANCE_SECONDS,
  linkHandshake,
  linkPath,
  PING,
  PONG,
  readConsumerFrame,
} from "../../protocol/link.ts";
import {
  type DeliveryResult,
  OPERATIONS_HEADER,
  type Outcome,
  readReplyEvent,
  type Reply,
  REPLY_BATCH_CONTENT_TYPE,
} from "../../protocol/reply-event.ts";
import { importWebhookKey, readWebhookSecret, verifyWebhook } from "../../protocol/webhook-signature.ts";

/** One call or frame as it came, already known to be signed rightly. */
export type ReceivedBatch = {
  /** Of the call, or of the handshake of the link. */
  readonly webhookId: string;
  readonly way: "POST" | "link";
  readonly replies: readonly Reply[];
  readonly bytes: number;
};

/** A handshake is taken and never answered. */
export const NO_ANSWER = 0;

/** A link as the mailbox has it. */
export type ReceivedLink = { readonly shard: number; readonly hello: HelloFrame | undefined; readonly socket: WebSocket };

/** What the receiver does with a batch that comes over a link: answers it, or says that it did not; undefined means to answer as the mailbox does. */
export type LinkMisbehaviour = (socket: WebSocket, batch: number, replies: readonly Reply[]) => boolean;

/** What the receiver does with a call: answers it, or says that it did; undefined means to store and answer as the Worker does. */
export type Misbehaviour = (batch: ReceivedBatch, response: ServerResponse) => boolean;

export type ReplyReceiver = {
  readonly url: string;
  /** Terminal replies that were stored, each once, by correlation ID. */
  readonly stored: ReadonlyMap<string, Reply>;
  /** Every reply that was ever stored or found to be a duplicate, in the order of arrival. */
  readonly arrived: readonly Reply[];
  readonly batches: readonly ReceivedBatch[];
  /** Calls that were not signed rightly. */
  readonly refused: number;
  /** The links that are open. */
  readonly links: readonly ReceivedLink[];
  /** What posts said of the operations that are handled, one entry a post. */
  readonly announced: readonly string[];
  /** Handshakes of links that were answered, however. */
  readonly handshakes: number;
  /** From now on every call goes through this. */
  misbehave(how: Misbehaviour | undefined): void;
  /** From now on every frame with replies goes through this. */
  misbehaveOnLinks(how: LinkMisbehaviour | undefined): void;
  /** From now on this status is the answer to a handshake: 101 opens the link, and {@link NO_ANSWER} is never sent. */
  answerHandshakes(status: number): void;
  /** From now on nothing is stored: batches are refused for the moment, or neither they nor pings are ever answered. */
  fail(how: "refusing" | "silent" | undefined): void;
  /** Resolves once the condition holds, looked at after each call. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
};

export type ReplyReceiverOptions = {
  readonly secret: string;
  readonly port?: number;
  readonly now?: () => number;
  /** As {@link ReplyReceiver.answerHandshakes}; 101 unless told otherwise. */
  readonly handshakeStatus?: number;
  /** How many shards there are, as the answer to a hello says: 1 unless told otherwise. With 0, hellos are not answered. */
  readonly shards?: number;
  /** What is to be cancelled, as it says after its answer to a hello. */
  readonly toCancel?: readonly string[];
};

/** A real HTTP server where the Worker's `POST /replies` and its links would be. Two implementations check each signature. */
export const startReplyReceiver = async (options: ReplyReceiverOptions): Promise<ReplyReceiver> => {
  const { secret, port = 0, now = Date.now, shards = 1, toCancel = [] } = options;
  const key = await importWebhookKey(readWebhookSecret(secret) as Uint8Array<ArrayBuffer>);
  const oracle = new Webhook(secret);
  const stored = new Map<string, Reply>();
  const arrived: Reply[] = [];
  const batches: ReceivedBatch[] = [];
  const announced: string[] = [];
  const waiting = new Set<() => void>();
  let refused = 0;
  let misbehaviour: Misbehaviour | undefined;
  let linkMisbehaviour: LinkMisbehaviour | undefined;
  let isSilent = false;
  let { handshakeStatus = 101 } = options;
  let handshakes = 0;
  const links = new Set<{ shard: number; hello: HelloFrame | undefined; socket: WebSocket }>();
  const upgraded = new Set<Duplex>();
  const upgrades = new WebSocketServer({ noServer: true });
  const look = (): void => {
    for (const waiter of waiting) waiter();
  };

  const isSigned = async (request: IncomingMessage, body: Uint8Array, toleranceSeconds?: number): Promise<boolean> => {
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const tolerance = toleranceSeconds === undefined ? {} : { toleranceSeconds };
    const verdict = await verifyWebhook([key], { headers, body, nowMs: now(), ...tolerance });
    // The oracle reads the platform's clock, so it can be asked only while that is the one in use, and it takes nothing but JSON.
    if (verdict === "valid" && now === Date.now && request.method === "POST") oracle.verify(Buffer.from(body), Object.fromEntries(headers));
    return verdict === "valid";
  };

  const store = (reply: Reply): Outcome => {
    arrived.push(reply);
    if (reply.state === "processing") return "stored";
    if (stored.has(reply.correlationId)) return "duplicate";
    stored.set(reply.correlationId, reply);
    return "stored";
  };

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    response.setHeader("date", new Date(now()).toUTCString());
    if (!(await isSigned(request, body)) || request.headers["content-type"] !== REPLY_BATCH_CONTENT_TYPE) {
      refused += 1;
      return answer(response, 401, { code: "UNAUTHORIZED" });
    }
    const replies = (JSON.parse(body.toString()) as unknown[]).map(readReplyEvent);
    const batch = { webhookId: String(request.headers["webhook-id"]), way: "POST", replies, bytes: body.length } as const;
    const operations = request.headers[OPERATIONS_HEADER.toLowerCase()];
    if (operations !== undefined) announced.push(String(operations));
    else batches.push(batch);
    if (misbehaviour?.(batch, response) !== true) {
      const results = replies.map((reply): DeliveryResult => ({ id: reply.id, correlationId: reply.correlationId, outcome: store(reply) }));
      answer(response, 200, { results });
    }
  };

  const openLink = (socket: WebSocket, shard: number, webhookId: string): void => {
    const link: { shard: number; hello: HelloFrame | undefined; socket: WebSocket } = { shard, hello: undefined, socket };
    links.add(link);
    socket.on("close", () => {
      links.delete(link);
      look();
    });
    socket.on("message", (data) => {
      const text = String(data);
      if (text === PING) return isSilent || socket.send(PONG);
      const frame = readConsumerFrame(text);
      if (frame.type === "hello") {
        link.hello = frame;
        if (shards > 0 && frame.takes?.includes("welcome")) socket.send(JSON.stringify({ type: "welcome", time: now(), shards }));
        if (toCancel.length > 0 && frame.takes?.includes("cancel"))
          socket.send(JSON.stringify({ type: "cancel", correlationIds: toCancel }));
      } else if (frame.type === "replies") {
        const replies = frame.replies.map(readReplyEvent);
        batches.push({ webhookId, way: "link", replies, bytes: text.length });
        if (linkMisbehaviour?.(socket, frame.batch, replies) !== true)
          socket.send(JSON.stringify({ type: "results", batch: frame.batch, outcomes: replies.map(store) }));
      }
      look();
    });
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    handshakes += 1;
    upgraded.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => upgraded.delete(socket));
    const shard = Number(request.url?.split("/").at(-1));
    const isValid = request.url === linkPath(shard) && (await isSigned(request, linkHandshake(shard), LINK_TOLERANCE_SECONDS));
    if (!isValid) refused += 1;
    const status = isValid ? handshakeStatus : 401;
    if (status === NO_ANSWER) return;
    if (status !== 101)
      return void socket.end(`HTTP/1.1 ${status} -\r\ndate: ${new Date(now()).toUTCString()}\r\ncontent-length: 0\r\n\r\n`);
    upgrades.handleUpgrade(request, socket, head, (link) => openLink(link, shard, String(request.headers["webhook-id"])));
  };

  const server = createServer((request, response) => {
    void receive(request, response)
      .catch((error) => answer(response, 500, { error: String(error) }))
      .finally(look);
  }).listen(port, "127.0.0.1");
  server.on("upgrade", (request, socket, head) => void upgrade(request, socket, head).finally(look));
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stored,
    arrived,
    batches,
    announced,
    get refused() {
      return refused;
    },
    get links() {
      return [...links];
    },
    get handshakes() {
      return handshakes;
    },
    misbehave(how) {
      misbehaviour = how;
    },
    misbehaveOnLinks(how) {
      linkMisbehaviour = how;
    },
    answerHandshakes(status) {
      handshakeStatus = status;
    },
    fail(how) {
      isSilent = how === "silent";
      misbehaviour = how && ((_, response) => (how === "refusing" && answer(response, 503, {}), true));
      linkMisbehaviour = how && ((socket) => (how === "refusing" && socket.close(LINK_CLOSE.failed, "Not now."), true));
    },
    until: (condition) =>
      new Promise((resolve) => {
        const waiter = (): void => {
          if (!condition()) return;
          waiting.delete(waiter);
          resolve();
        };
        waiting.add(waiter);
        waiter();
      }),
    async close() {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

/** Answers with JSON. */
export const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
