import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { readServeConfig } from "../../../cli/serve/config.ts";
import { openServedWorker } from "../../../cli/serve/served-worker.ts";
import { readConsumerConfig } from "../../../consumer/config.ts";
import { defineConsumer } from "../../../consumer/define-consumer.ts";
import { openConsumer } from "../../../consumer/run-consumer.ts";
import { projection } from "../../../consumer/views/projection.ts";
import { defineContract } from "../../../contract/contract.ts";
import { view } from "../../../contract/view.ts";
import { accounts } from "../../contract/bank.ts";
import { account } from "../deciders/account.ts";
import { createRecordedLog } from "../log.ts";

const SECRETS = {
  CORRELATION_SECRET: "1:a-secret-of-at-least-32-characters",
  REPLY_SECRET: "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==",
};

const balances = view({ from: accounts, version: 1, row: z.strictObject({ cents: z.int() }) });
const contract = defineContract({ account: accounts, balances });
const definition = defineConsumer({
  contract,
  handlers: {},
  deciders: { account },
  projections: {
    balances: projection(balances, {
      on: {
        opened: () => ({ cents: 0 }),
        credited: (row, { cents }) => ({ cents: (row?.cents ?? 0) + cents }),
        debited: (row, { cents, fee }) => ({ cents: (row?.cents ?? 0) - cents - fee }),
      },
    }),
  },
});

/** A Worker with a gateway, and consumers one after another. */
const startBank = async () => {
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-to-the-edge-"));
  const log = createRecordedLog();
  const worker = await openServedWorker(
    { contract },
    readServeConfig(
      {
        ...SECRETS,
        AUTH: "public",
        CONSOLE: "off",
        PORT: "0",
        MAILBOX_DATA_DIR: `${folder}/mailbox`,
        MAILBOX_FSYNC: "os",
        GATEWAY_ENGINE: "embedded",
        GATEWAY_PORT: "0",
        GATEWAY_DATA_DIR: `${folder}/gateway`,
        GATEWAY_FSYNC: "os",
        GATEWAY_CREDENTIALS: "consumer:change-me",
      },
      { contract },
    ),
    log,
  );
  const startConsumer = async (machine: string) => {
    const config = readConsumerConfig(
      {
        ...SECRETS,
        WORKER_URL: worker.url,
        UPSTASH_KAFKA_REST_URL: String(worker.gatewayUrl),
        UPSTASH_KAFKA_REST_USERNAME: "consumer",
        UPSTASH_KAFKA_REST_PASSWORD: "change-me",
        CONSUMER_DATA_DIR: `${folder}/${machine}`,
      },
      contract,
    );
    const consumer = await openConsumer(definition, config, log);
    await consumer.ready;
    return consumer;
  };
  let consumer = await startConsumer("one");
  onTestFinished(async () => {
    await consumer.drain(1_000);
    await worker.drain(1_000);
    await rm(folder, { recursive: true, force: true });
  });
  return {
    async moveTo(machine: string) {
      await consumer.drain(1_000);
      consumer = await startConsumer(machine);
    },
    /** @returns where the commit is */
    async command(name: string, body: unknown): Promise<string> {
      const response = await fetch(`${worker.url}/requests/account.${name}`, {
        method: "POST",
        headers: { "content-type": "application/json", prefer: "wait=20" },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      return String(response.headers.get("rejoinder-position"));
    },
    async row(key: string, after: string) {
      const response = await fetch(`${worker.url}/views/balances/${key}?after=${after}`, { headers: { prefer: "wait=20" } });
      return { status: response.status, etag: response.headers.get("etag"), row: await response.json() };
    },
  };
};

test("whoever has the reply of a command reads its row, also from a consumer on another machine", async () => {
  const bank = await startBank();
  await bank.command("open", { account: "ada", owner: "Ada" });
  for (let cents = 1; cents <= 5; cents += 1) {
    const position = await bank.command("credit", { account: "ada", cents: 1 });
    expect(await bank.row("ada", position)).toEqual({ status: 200, etag: `"${position}"`, row: { cents } });
  }
  await bank.moveTo("two");
  const position = await bank.command("credit", { account: "ada", cents: 10 });
  expect(await bank.row("ada", position)).toEqual({ status: 200, etag: `"${position}"`, row: { cents: 15 } });
});
