import { onTestFinished } from "vitest";
import { startProcess } from "../../../helpers/processes.ts";

/** The secret of replies, as bytes of text. */
export const REPLY_SECRET_TEXT = "y".repeat(32);

/** `rejoinder serve` in a process of its own, which can be killed. @param directory where it keeps statuses @param proxyUrl of its Kafka REST proxy */
export const startServed = async (directory: string, proxyUrl: string, variables: Readonly<Record<string, string>> = {}) => {
  const running = await startProcess("serve", {
    AUTH: "public",
    CORRELATION_SECRET: `1:${"x".repeat(32)}`,
    REPLY_SECRET: `whsec_${btoa(REPLY_SECRET_TEXT)}`,
    UPSTASH_KAFKA_REST_URL: proxyUrl,
    UPSTASH_KAFKA_REST_USERNAME: "user",
    UPSTASH_KAFKA_REST_PASSWORD: "password",
    MAILBOX_DATA_DIR: directory,
    PORT: "0",
    EXIT_WITH_PARENT: "1",
    ...variables,
  });
  onTestFinished(() => running.stop());
  return { running, url: String(running.ready["url"]) };
};
