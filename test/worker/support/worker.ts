import { env, exports } from "cloudflare:workers";
import { contract } from "../../project/app/contract.ts";
import { readWorkerConfig } from "../../../worker/config.ts";
import { type CorrelationId, createCorrelationIds } from "../../../worker/correlation-id.ts";
import type { NewReply, StatusKey } from "../../../worker/status-store.ts";

/** Bindings that only the tests have. */
export const testEnv = env as Env & {
  FAULTY_PROXY_URL: string;
  RECORDED_PROXY_URL: string;
  LIVE_PROXY: string;
  CLOSED_PORT_URL: string;
  REPLY_SECRET: string;
  UPSTASH_KAFKA_REST_URL: string;
  UPSTASH_KAFKA_REST_USERNAME: string;
  UPSTASH_KAFKA_REST_PASSWORD: string;
};

/** Correlation IDs as the Worker under test makes them, at any time. */
export const idsAt = (now: () => number = Date.now) => {
  const config = readWorkerConfig(env, contract);
  return createCorrelationIds({ secrets: config.CORRELATION_SECRET, environment: config.ENVIRONMENT, now });
};

/** The ID of a request accepted `agoMs` ago, with 30 s to the deadline and an hour of retention if not said otherwise. */
export const createId = ({ agoMs = 0, deadlineSeconds = 30, retentionSeconds = 3_600, shard = 0 } = {}): Promise<CorrelationId> =>
  idsAt(() => Date.now() - agoMs).create({ shard, deadlineSeconds, retentionSeconds });

export const keyOf = ({ text, shard, createdAt, deadline, expiresAt }: CorrelationId): StatusKey => ({
  text,
  shard,
  createdAt,
  deadline,
  expiresAt,
});

/** A succeeded reply for that request. */
export const replyFor = (id: CorrelationId, overrides: Partial<NewReply> = {}): NewReply => ({
  key: keyOf(id),
  replyId: crypto.randomUUID(),
  state: "succeeded",
  operation: "sum",
  httpStatus: 200,
  attempt: null,
  body: '{"sum":5}',
  ...overrides,
});

/** Calls the Worker as a client does. */
export const call = (path: string, init?: RequestInit): Promise<Response> => exports.default.fetch(`https://api.example${path}`, init);

/** Posts JSON to an operation. */
export const post = (operation: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  call(`/requests/${operation}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** The mailbox that keeps a request's reply. */
export const mailboxOf = ({ shard }: { shard: number }) => env.MAILBOX.get(env.MAILBOX.idFromName(`shard-${shard}`));
