import type { MailboxSinks } from "../../consumer/sink.ts";
import { httpSink } from "../../consumer/sinks/http.ts";
import { createMailboxClock } from "../../consumer/mailbox-clock.ts";
import { workerSinks } from "../../consumer/sinks/worker.ts";
import { createSha256Hmac, createWorkerSignature } from "../../consumer/sinks/worker-signature.ts";
import type { Log } from "../../environment/log.ts";
import { systemTime } from "../../environment/time.ts";
import { type Hmac, readWebhookSecret } from "../../protocol/webhook-signature.ts";
import type { GatewayProcess } from "../helpers/gateway.ts";
import { type RunningProcess, startProcess } from "../helpers/processes.ts";
import { createRecordedLog } from "./log.ts";
import type { ReplyReceiver } from "./reply-receiver.ts";

/** `whsec_` and 32 bytes. */
export const REPLY_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** What signs with a secret. */
export const hmacOf = (secret: string): Hmac => createSha256Hmac(readWebhookSecret(secret) as Uint8Array);

export const REPLY_HMAC = hmacOf(REPLY_SECRET);

/** A sink that posts, whatever the shard. */
export const postTo = ({ url }: Pick<ReplyReceiver, "url">) => httpSink({ url, ...signedBy(REPLY_HMAC) });

/** What a sink needs to sign its calls, and a clock that has learned nothing yet. */
export const signedBy = (hmac: Hmac, log: Log = createRecordedLog()) => {
  const clock = createMailboxClock({ time: systemTime, log });
  return { clock, signature: createWorkerSignature({ hmac, clock }) };
};

/** The sinks of a consumer, in this process. */
export const sinksTo = ({ url }: Pick<ReplyReceiver, "url">, log: Log): MailboxSinks =>
  workerSinks({ url, hmac: REPLY_HMAC, hello: HELLO, clock: createMailboxClock({ time: systemTime, log }), log });

/** Who the consumers of these tests say that they are. */
export const HELLO = { instance: "test-1", version: "0.0.0", operations: ["sum"] };

type Gateway = Pick<GatewayProcess, "url" | "username" | "password">;

/** What the consumer must be told. */
export const consumerEnvironment = (gateway: Gateway, receiver: Pick<ReplyReceiver, "url">): Record<string, string> => ({
  UPSTASH_KAFKA_REST_URL: gateway.url,
  UPSTASH_KAFKA_REST_USERNAME: gateway.username,
  UPSTASH_KAFKA_REST_PASSWORD: gateway.password,
  WORKER_URL: receiver.url,
  REPLY_SECRET,
  CONSUMER_INSTANCE: "test-1",
});

/** Starts the consumer as `npm run consumer` does, between a gateway and a receiver of replies. */
export const startConsumerProcess = (
  gateway: Gateway,
  receiver: Pick<ReplyReceiver, "url">,
  overrides: Record<string, string> = {},
): Promise<RunningProcess> => startProcess("consumer", { ...consumerEnvironment(gateway, receiver), EXIT_WITH_PARENT: "1", ...overrides });
