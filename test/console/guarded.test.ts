import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { consoleDirectory } from "../../cli/worker/console-files.ts";
import { type Authenticate, unauthenticated } from "../../worker/identity/authenticate.ts";
import { readNodeHostConfig } from "../../worker/hosts/node/config.ts";
import { openNodeHost } from "../../worker/hosts/node/host.ts";
import { createDeadLetterLog, createProducer, readProducerConfig } from "../../worker/producer-config.ts";
import { SILENT_LOG } from "../gateway/open-engine.ts";
import { startGatewayProcess } from "../helpers/gateway.ts";
import { contract } from "../project/app/contract.ts";
import { type OpenedPage, useConsole } from "./opened-page.ts";

const CALLERS: Readonly<Record<string, readonly string[]>> = {
  "operator-key": ["requests:*", "status:read", "operator"],
  "caller-key": ["requests:*", "status:read"],
};

const authenticate: Authenticate = ({ headers }) => {
  const credentials = headers.get("authorization")?.replace("Bearer ", "");
  if (credentials === undefined) return undefined;
  const scopes = CALLERS[credentials];
  if (scopes === undefined) throw unauthenticated("Nobody knows this key.");
  return { subject: credentials, scopes };
};

/** A Worker that wants to know who calls, over a gateway; nobody consumes. */
const startGuarded = async () => {
  const gateway = await startGatewayProcess();
  const directory = mkdtempSync(join(tmpdir(), "rejoinder-guarded-"));
  const variables = {
    KAFKA_REST_KIND: "upstash",
    UPSTASH_KAFKA_REST_URL: gateway.url,
    UPSTASH_KAFKA_REST_USERNAME: gateway.username,
    UPSTASH_KAFKA_REST_PASSWORD: gateway.password,
    CORRELATION_SECRET: "1:a-secret-of-at-least-thirty-two-characters",
    REPLY_SECRET: "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==",
    AUTH: "keys",
  };
  const kafkaRest = readProducerConfig(variables, contract);
  const host = await openNodeHost({
    contract,
    authenticate,
    config: readNodeHostConfig(variables),
    producer: createProducer({ kafkaRest }, {}),
    deadLetters: createDeadLetterLog(kafkaRest, {}),
    directory,
    host: "127.0.0.1",
    port: 0,
    assets: consoleDirectory(),
    log: SILENT_LOG,
  });
  return {
    url: host.url,
    async remove() {
      await host.close();
      await gateway.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const { open } = useConsole(startGuarded);

const signIn = async ({ page }: OpenedPage, key: string): Promise<void> => {
  await page.getByLabel("API key or token").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in.").waitFor();
};

test("an operator who signs in sees consumers and dead letters, and sends requests", async () => {
  const opened = await open();
  const { page, reach, send } = opened;
  await page.getByRole("alert").getByText("The call does not say who calls.").waitFor();
  await signIn(opened, "operator-key");
  await page.getByText("None is connected.").waitFor();
  await page.getByRole("region", { name: "Dead letters" }).getByText("There are none.").waitFor();
  await send("sum");
  await reach("accepted");
});

test("a caller who is no operator sends requests, and learns what it may not see", async () => {
  const opened = await open();
  const { page, reach, send } = opened;
  await signIn(opened, "caller-key");
  await page.getByRole("alert").getByText("The caller may not do that.").waitFor();
  await page.getByRole("region", { name: "Dead letters" }).getByText("Only operators see them.").waitFor();
  expect(await page.getByRole("region", { name: "Consumers" }).count()).toBe(0);
  await send("sum");
  await reach("accepted");
});

test("a key that nobody knows is refused with the reason", async () => {
  const opened = await open();
  await opened.page.getByLabel("API key or token").fill("another-key");
  await opened.page.getByRole("button", { name: "Sign in" }).click();
  await opened.page.getByRole("alert").getByText("Nobody knows this key.").waitFor();
});
