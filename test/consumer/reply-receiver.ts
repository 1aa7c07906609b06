import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { type DeliveryResult, type Outcome, readReplyEvent, type Reply, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import { importWebhookKey, readWebhookSecret, verifyWebhook } from "../../protocol/webhook-signature.ts";

/** One call as it came, already known to be signed rightly. */
export type ReceivedBatch = { readonly webhookId: string; readonly replies: readonly Reply[]; readonly bytes: number };

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
  /** From now on every call goes through this. */
  misbehave(how: Misbehaviour | undefined): void;
  /** Resolves once the condition holds, looked at after each call. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
};

export type ReplyReceiverOptions = { readonly secret: string; readonly port?: number; readonly now?: () => number };

/** A real HTTP server where the Worker's `POST /replies` would be. Two implementations check each signature. */
export const startReplyReceiver = async ({ secret, port = 0, now = Date.now }: ReplyReceiverOptions): Promise<ReplyReceiver> => {
  const key = await importWebhookKey(readWebhookSecret(secret) as Uint8Array<ArrayBuffer>);
  const oracle = new Webhook(secret);
  const stored = new Map<string, Reply>();
  const arrived: Reply[] = [];
  const batches: ReceivedBatch[] = [];
  const waiting = new Set<() => void>();
  let refused = 0;
  let misbehaviour: Misbehaviour | undefined;

  const isSigned = async (request: IncomingMessage, body: Buffer): Promise<boolean> => {
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const verdict = await verifyWebhook([key], { headers, body, nowMs: now() });
    // The oracle reads the platform's clock, so it can be asked only while that is the one in use.
    if (verdict === "valid" && now === Date.now) oracle.verify(body, Object.fromEntries(headers));
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
    if (!(await isSigned(request, body)) || request.headers["content-type"] !== REPLY_BATCH_CONTENT_TYPE) {
      refused += 1;
      response.setHeader("date", new Date(now()).toUTCString());
      return answer(response, 401, { code: "UNAUTHORIZED" });
    }
    const replies = (JSON.parse(body.toString()) as unknown[]).map(readReplyEvent);
    const batch = { webhookId: String(request.headers["webhook-id"]), replies, bytes: body.length };
    batches.push(batch);
    if (misbehaviour?.(batch, response) !== true) {
      const results = replies.map((reply): DeliveryResult => ({ id: reply.id, correlationId: reply.correlationId, outcome: store(reply) }));
      answer(response, 200, { results });
    }
  };

  const server = createServer((request, response) => {
    void receive(request, response)
      .catch((error) => answer(response, 500, { error: String(error) }))
      .finally(() => {
        for (const look of waiting) look();
      });
  }).listen(port, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stored,
    arrived,
    batches,
    get refused() {
      return refused;
    },
    misbehave(how) {
      misbehaviour = how;
    },
    until: (condition) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async close() {
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
