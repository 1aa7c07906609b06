import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildConsole } from "../../tools/console-build.ts";
import { ROOT } from "../../tools/root.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import { startGatewayProcess } from "./gateway.ts";
import { freePort } from "./processes.ts";
import { publishIssuer, startIssuerHost } from "./issuer-host.ts";
import { startRecordedProxy } from "./recorded-proxy.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

/** Starts what the Worker's tests talk to: a real gateway process, a proxy that misbehaves, and one that plays what real ones answered. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  // Before the runtime starts, since it reads the folder that wrangler.toml names then.
  await buildConsole(join(ROOT, "test/project/.rejoinder/console"));
  const [gateway, faultyProxy, recordedProxy, issuerHost, receiver] = await Promise.all([
    startGatewayProcess(),
    startFaultyProxy(),
    startRecordedProxy(),
    startIssuerHost(),
    startWebhookReceiver(),
  ]);
  const bindings = {
    UPSTASH_KAFKA_REST_URL: gateway.url,
    UPSTASH_KAFKA_REST_USERNAME: gateway.username,
    UPSTASH_KAFKA_REST_PASSWORD: gateway.password,
    CORRELATION_SECRET: "2:a-new-secret-of-at-least-32-characters,1:an-old-secret-of-at-least-32-characters",
    REPLY_SECRET: "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==,whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LW9sZA==",
    // The example of Standard Webhooks.
    WEBHOOK_SIGNING_KEY: "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    WEBHOOK_SECRET: "whsec_d2ViaG9vay1zZWNyZXQtd2ViaG9vay1zZWNyZXQ=",
    WEBHOOK_ALLOWED_HOSTS: new URL(receiver.url).host,
    WEBHOOK_RECEIVER_URL: receiver.url,
    AUTH: "public,keys,jwt",
    REQUEST_INDEX: "on",
    JWT_ISSUER: `${issuerHost.url}/main`,
    JWT_AUDIENCE: "https://api.example",
    ISSUER_HOST_URL: issuerHost.url,
    ISSUER_KEY: await publishIssuer(`${issuerHost.url}/main`),
    CORS_ORIGINS: "https://app.example",
    FAULTY_PROXY_URL: faultyProxy.url,
    RECORDED_PROXY_URL: recordedProxy.url,
    LIVE_PROXY: JSON.stringify(liveProxy()),
    CLOSED_PORT_URL: `http://127.0.0.1:${await freePort()}`,
  };
  project.provide("workerBindings" as never, bindings as never);
  return async () => {
    faultyProxy.close();
    recordedProxy.close();
    issuerHost.close();
    receiver.close();
    await gateway.remove();
  };
};

/** The variables of a Kafka REST proxy that runs somewhere, if this environment names one: the drivers are tried on it too. */
const liveProxy = (): Record<string, string | undefined> =>
  process.env["KAFKA_REST_URL"] === undefined
    ? {}
    : Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("KAFKA_REST_")));
