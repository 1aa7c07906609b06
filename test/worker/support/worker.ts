import { host } from "../hosts/cloudflare/test-host.ts";
import { contract } from "../../project/app/contract.ts";
import { readWorkerConfig } from "../../../worker/config.ts";
import { type CorrelationId, createCorrelationIds } from "../../../worker/correlation-id.ts";
import type { NewReply, StatusKey } from "../../../worker/status-store.ts";

/** The variables of the Worker under test, and those that only the tests have. */
export const testEnv = host.variables as {
  readonly FAULTY_PROXY_URL: string;
  readonly RECORDED_PROXY_URL: string;
  readonly LIVE_PROXY: string;
  readonly CLOSED_PORT_URL: string;
  readonly REPLY_SECRET: string;
  readonly ISSUER_HOST_URL: string;
  readonly WEBHOOK_RECEIVER_URL: string;
  readonly WEBHOOK_SECRET: string;
  readonly ISSUER_KEY: string;
  readonly UPSTASH_KAFKA_REST_URL: string;
  readonly UPSTASH_KAFKA_REST_USERNAME: string;
  readonly UPSTASH_KAFKA_REST_PASSWORD: string;
};

/** Correlation IDs as the Worker under test makes them, at any time. */
export const idsAt = (now: () => number = Date.now) => {
  const config = readWorkerConfig(testEnv, contract);
  return createCorrelationIds({ secrets: config.CORRELATION_SECRET, environment: config.ENVIRONMENT, now, ...host.ids });
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

/** Chunks that a run of a handler has emitted for that request. */
export const emitting = (id: CorrelationId, execution: string, first: number, texts: readonly string[]): NewReply =>
  replyFor(id, { state: "processing", httpStatus: 202, body: null, emitted: { execution, first, texts } });

/** Calls the Worker as a client does. */
export const { call } = host;

/** Posts JSON to an operation. */
export const post = (operation: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  call(`/requests/${operation}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
