import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, type TestContext } from "vitest";
import { restLog } from "../../../consumer/events/rest-log.ts";
import { createCommitFold } from "../../../protocol/commit-fold.ts";
import { type Commit, decodeCommit, readCommitLink } from "../../../protocol/commit-record.ts";
import { type GatewayProcess, startGatewayProcess } from "../../helpers/gateway.ts";
import { startProcess } from "../../helpers/processes.ts";
import { consumerEnvironment, REPLY_SECRET } from "../process.ts";
import { startReplyReceiver } from "../reply-receiver.ts";
import { newRequest, produce, toWire, type WireRecord } from "../requests.ts";

const PROJECT = fileURLToPath(new URL("project", import.meta.url));
const PARTITIONS = 2;
const TIMEOUT = { retry: 0, timeout: 180_000 };
const ACCOUNTS = 20;
const CENTS = 1_000;
const TRANSFERS = 80;

const TOPICS = ["account", "transfer"].flatMap((name) => [
  `${name}-commands:${PARTITIONS}`,
  `${name}-events:${PARTITIONS}:retention.ms=-1:retention.bytes=-1`,
]);

const command = (operation: string, key: string, data: unknown): WireRecord => ({
  ...toWire(newRequest({ operation, data, orderingKey: key, deadline: Date.now() + 120_000 })),
  topic: `${operation.split(".", 1)[0]}-commands`,
});

const open = (account: string, cents: number, kind: string) => command("account.open", account, { account, cents, kind });
const begin = (transfer: string, from: string, to: string, cents: number) =>
  command("transfer.begin", transfer, { transfer, from, to, cents });

/** What happened, in the commits that count, as anybody can read it. */
const readEvents = async (gateway: GatewayProcess, topic: string, isEnough: (events: readonly Happened[]) => boolean) => {
  const log = restLog(gateway);
  const events: Happened[] = [];
  const folds = Array.from({ length: PARTITIONS }, () => ({ fold: createCommitFold(), offset: 0 }));
  while (!isEnough(events)) {
    await Promise.all(
      folds.map(async (own, partition) => {
        const { records, next } = await log.read(
          { topic, partition, offset: own.offset },
          { waitMs: 500, signal: AbortSignal.timeout(120_000) },
        );
        own.offset = next;
        for (const record of records) if (own.fold.add(readCommitLink(record))) events.push(...happenedIn(decodeCommit(record)));
      }),
    );
  }
  return events;
};

type Happened = { readonly key: string; readonly type: string; readonly data: { readonly cents?: number; readonly transfer?: string } };
const happenedIn = ({ key, events }: Commit): readonly Happened[] =>
  events.map(({ type, data }) => ({ key, type: type.slice(type.indexOf(".") + 1), data: data as Happened["data"] }));

const ENDS = new Set(["completed", "refused", "undone"]);
const endsOf = (events: readonly Happened[]): readonly Happened[] => events.filter(({ type }) => ENDS.has(type));

const start = async ({ onTestFinished }: TestContext) => {
  const dataDir = await mkdtemp(join(tmpdir(), "rejoinder-saga-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const gateway = await startGatewayProcess({ GATEWAY_TOPICS: TOPICS.join(",") });
  onTestFinished(() => gateway.remove());
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  onTestFinished(() => receiver.close());
  const environment = { ...consumerEnvironment(gateway, receiver), CONSUMER_DATA_DIR: dataDir, EXIT_WITH_PARENT: "1", LOG_LEVEL: "warn" };
  const startOne = () => startProcess("consumer", environment, { project: PROJECT });
  return { gateway, receiver, dataDir, startOne };
};

test("money that is transferred arrives, or comes back: refused, timed out or completed", TIMEOUT, async (context) => {
  const { gateway, receiver, startOne } = await start(context);
  const consumer = await startOne();
  context.onTestFinished(() => consumer.stop());
  await produce(gateway, [
    open("ada", 100, "open"),
    open("bob", 0, "open"),
    open("shut", 0, "closed"),
    open("ice", 0, "frozen"),
    begin("arrives", "ada", "bob", 10),
    begin("too-much", "ada", "bob", 1_000),
    begin("returns", "ada", "shut", 20),
    begin("times-out", "ada", "ice", 30),
  ]);
  const transfers = await readEvents(gateway, "transfer-events", (events) => endsOf(events).length === 4);
  expect(Object.fromEntries(endsOf(transfers).map(({ key, type }) => [key, type]))).toEqual({
    arrives: "completed",
    "too-much": "refused",
    returns: "undone",
    "times-out": "undone",
  });
  // On a slow machine others time out, too, and arrive all the same.
  expect(transfers.filter(({ type }) => type === "timed-out").map(({ key }) => key)).toContain("times-out");
  const back = (events: readonly Happened[]) => events.filter(({ data }) => data.transfer?.endsWith("-back"));
  const accounts = await readEvents(gateway, "account-events", (events) => back(events).length === 2);
  expect(back(accounts).map(({ key, data }) => [key, data.cents])).toEqual(
    expect.arrayContaining([
      ["ada", 20],
      ["ada", 30],
    ]),
  );
  // Only those who asked are told: the four accounts, and the four transfers.
  expect(receiver.stored.size).toBeLessThanOrEqual(8);
});

test(
  "a consumer that is killed again and again, and loses what its policies knew, loses no money and makes none",
  TIMEOUT,
  async (context) => {
    const { gateway, dataDir, startOne } = await start(context);
    const names = Array.from({ length: ACCOUNTS }, (_, index) => `account-${index}`);
    await produce(gateway, [...names.map((name) => open(name, CENTS, "open")), open("shut", 0, "closed"), open("ice", 0, "frozen")]);
    await produce(
      gateway,
      Array.from({ length: TRANSFERS }, (_, index) => {
        const to = index % 10 === 0 ? "shut" : index % 10 === 5 ? "ice" : (names[(index * 7 + 1) % ACCOUNTS] as string);
        return begin(`transfer-${index}`, names[index % ACCOUNTS] as string, to, index % 12 === 3 ? 5_000 : 10 + index);
      }),
    );
    // The transfers have a third of their events before any policy has done anything.
    for (const share of [0.4, 0.55, 0.7]) {
      const doomed = await startOne();
      await readEvents(gateway, "transfer-events", (events) => events.length >= share * TRANSFERS * 3);
      await doomed.stop("SIGKILL");
      if (share === 0.55) await rm(join(dataDir, "policies"), { recursive: true });
    }
    const consumer = await startOne();
    context.onTestFinished(() => consumer.stop());
    const transfers = await readEvents(gateway, "transfer-events", (events) => endsOf(events).length === TRANSFERS);
    const ends = new Map(endsOf(transfers).map(({ key, type }) => [key, type]));
    expect(ends.size).toBe(TRANSFERS);
    const undone = [...ends.values()].filter((type) => type === "undone").length;
    const back = (events: readonly Happened[]) => events.filter(({ data }) => data.transfer?.endsWith("-back"));
    const accounts = await readEvents(gateway, "account-events", (events) => back(events).length >= undone);
    const count = (type: string, transfer: string) => accounts.filter((one) => one.type === type && one.data.transfer === transfer).length;
    for (const [transfer, end] of ends) {
      const expected = { completed: [1, 1, 0], undone: [1, 0, 1], refused: [0, 0, 0] }[end];
      expect([count("withdrawn", transfer), count("deposited", transfer), count("deposited", `${transfer}-back`)], transfer).toEqual(
        expected,
      );
    }
    const sum = accounts.reduce((total, { type, data: { cents = 0 } }) => total + (type === "withdrawn" ? -cents : cents), 0);
    expect(sum).toBe(ACCOUNTS * CENTS);
  },
);
