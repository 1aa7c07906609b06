import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../helpers/gateway.ts";
import { freePort, PROJECT, SOURCES } from "../helpers/processes.ts";
import { consumerEnvironment, REPLY_SECRET, startConsumerProcess } from "./process.ts";
import { type ReplyReceiver, startReplyReceiver } from "./reply-receiver.ts";
import { newRequest, produce, toWire } from "./requests.ts";

let gateway: GatewayProcess;
let receiver: ReplyReceiver;

beforeAll(async () => {
  gateway = await startGatewayProcess();
  receiver = await startReplyReceiver({ secret: REPLY_SECRET });
});
afterAll(async () => {
  await receiver.close();
  await gateway.remove();
});

const closedUrl = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`;

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test.each([
  ["drains and ends when its parent is gone, if that is wanted", "1", 0],
  ["outlives its parent otherwise", "0", undefined],
])("%s", async (_, exitWithParent, expected) => {
  const run = fileURLToPath(new URL("../../cli/run.js", import.meta.url));
  const env = { ...consumerEnvironment(gateway, receiver), PATH: process.env["PATH"], EXIT_WITH_PARENT: exitWithParent };
  const consumer = fork(run, ["consumer"], { env, cwd: PROJECT, execArgv: SOURCES, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const exited = once(consumer, "exit");
  onTestFinished(async () => {
    consumer.kill("SIGKILL");
    await exited;
  });
  const [message] = (await once(consumer, "message")) as unknown[];
  expect(message).toEqual({ type: "ready" });
  consumer.disconnect();
  if (expected === undefined) {
    const request = newRequest();
    await produce(gateway, [toWire(request)]);
    await receiver.until(() => receiver.stored.has(request.correlationId));
    expect(consumer.exitCode).toBeNull();
  } else expect(await exited).toEqual([expected, null]);
});

test("ends when its parent is killed, though nobody reads its log any more", async () => {
  const parent = fork(fileURLToPath(new URL("fixtures/parent.ts", import.meta.url)), {
    // A gateway that is away, so that there is something to log until the end.
    env: { ...consumerEnvironment({ ...gateway, url: await closedUrl() }, receiver), PATH: process.env["PATH"], EXIT_WITH_PARENT: "1" },
    cwd: PROJECT,
    execArgv: SOURCES,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [pid] = (await once(parent, "message")) as [number];
  onTestFinished(() => void (isRunning(pid) && process.kill(pid, "SIGKILL")));
  parent.kill("SIGKILL");
  await expect.poll(() => isRunning(pid), { timeout: 15_000 }).toBe(false);
});

test("logs short lines for people if they are wanted, and never a secret", async () => {
  const consumer = await startConsumerProcess(gateway, receiver, {
    LOG_FORMAT: "pretty",
    LOG_LEVEL: "debug",
    CONSUMER_INSTANCE: "pretty-1",
  });
  await consumer.stop();
  expect(consumer.output()).toMatch(/^INFO: consuming .*"instance":"pretty-1"/);
  expect(consumer.output()).toMatch(/INFO: drained\n$/);
  for (const secret of [REPLY_SECRET, gateway.password]) expect(consumer.output()).not.toContain(secret);
});

test("the same signal a second time ends it at once, though a handler still runs", async () => {
  const consumer = await startConsumerProcess(gateway, receiver, { CONSUMER_DRAIN_TIMEOUT_MS: "600000" });
  onTestFinished(() => consumer.stop("SIGKILL"));
  const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 };
  const data = { account: "acme", lines: Array.from({ length: 5_000 }, () => line) };
  await produce(gateway, [toWire(newRequest({ operation: "report", orderingKey: "acme", data }))]);
  await receiver.until(() => receiver.arrived.some(({ state }) => state === "processing"));
  process.kill(consumer.pid, "SIGINT");
  await expect.poll(consumer.output).toContain("draining");
  process.kill(consumer.pid, "SIGTERM");
  process.kill(consumer.pid, "SIGINT");
  expect(await consumer.exited).toEqual({ code: 1, signal: null });
});
