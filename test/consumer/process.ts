import type { GatewayProcess } from "../helpers/gateway.ts";
import { type RunningProcess, startProcess } from "../helpers/processes.ts";
import type { ReplyReceiver } from "./reply-receiver.ts";

/** `whsec_` and 32 bytes. */
export const REPLY_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** Starts the consumer as `npm run consumer` does, between a gateway and a receiver of replies. */
export const startConsumerProcess = (
  gateway: Pick<GatewayProcess, "url" | "username" | "password">,
  receiver: Pick<ReplyReceiver, "url">,
  overrides: Record<string, string> = {},
): Promise<RunningProcess> =>
  startProcess("consumer", {
    UPSTASH_KAFKA_REST_URL: gateway.url,
    UPSTASH_KAFKA_REST_USERNAME: gateway.username,
    UPSTASH_KAFKA_REST_PASSWORD: gateway.password,
    WORKER_URL: receiver.url,
    REPLY_SECRET,
    CONSUMER_INSTANCE: "test-1",
    EXIT_WITH_PARENT: "1",
    ...overrides,
  });
