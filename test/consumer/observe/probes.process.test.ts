import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../../helpers/gateway.ts";
import { freePort, PROJECT, SOURCES } from "../../helpers/processes.ts";
import { consumerEnvironment, REPLY_SECRET, startConsumerProcess } from "../process.ts";
import { type ReplyReceiver, startReplyReceiver } from "../reply-receiver.ts";
import { newRequest, produce, toWire } from "../requests.ts";

const RUN = fileURLToPath(new URL("../../../cli/run.js", import.meta.url));

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

const read = async (url: string, path: string): Promise<{ readonly status: number; readonly text: string }> => {
  const response = await fetch(url + path);
  return { status: response.status, text: await response.text() };
};

const PATIENT = { timeout: 30_000 };

/** Resolves once a consumer listens there, ready or not. */
const untilListening = (url: string): Promise<void> =>
  expect
    .poll(
      () =>
        fetch(`${url}/health`).then(
          ({ status }) => status,
          () => 0,
        ),
      PATIENT,
    )
    .toBe(200);

test("a consumer that runs is well and ready, and counts what it does", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const consumer = await startConsumerProcess(gateway, receiver, { METRICS_PORT: String(port) });
  onTestFinished(() => consumer.stop());
  expect((await read(url, "/health")).status).toBe(200);
  expect(await read(url, "/ready")).toMatchObject({ status: 200, text: expect.stringContaining('"status":"ready"') });
  const request = newRequest();
  await produce(gateway, [toWire(request)]);
  await receiver.until(() => receiver.stored.has(request.correlationId));
  await expect
    .poll(async () => (await read(url, "/metrics")).text, PATIENT)
    .toContain('rejoinder_consumer_handled_total{operation="sum",outcome="replied"} 1\n');
  const { text } = await read(url, "/metrics");
  expect(text).toContain('rejoinder_consumer_handler_duration_seconds_count{operation="sum"} 1\n');
  expect(text).toContain('rejoinder_consumer_request_age_seconds_count{operation="sum"} 1\n');
  expect(text).toContain("rejoinder_consumer_delivery_lag_seconds_count 1\n");
  expect(text).toContain('rejoinder_consumer_links{state="open"} 1\n');
  expect(text).toContain("rejoinder_consumer_ready 1\n");
});

test("a consumer whose source is away is well, and not ready until it has joined its group", async () => {
  // A source that answers nothing until the test lets it.
  const held = createServer(() => {});
  held.listen(0, "127.0.0.1");
  await once(held, "listening");
  const address = held.address() as { readonly port: number };
  onTestFinished(() => {
    held.close();
    held.closeAllConnections();
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const away = { ...gateway, url: `http://127.0.0.1:${address.port}` };
  const env = { ...consumerEnvironment(away, receiver), PATH: process.env["PATH"], METRICS_PORT: String(port) };
  const consumer = fork(RUN, ["consumer"], { env, cwd: PROJECT, execArgv: SOURCES, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const exited = once(consumer, "exit");
  onTestFinished(async () => {
    consumer.kill("SIGKILL");
    await exited;
  });
  await untilListening(url);
  expect(await read(url, "/ready")).toMatchObject({ status: 503, text: expect.stringContaining("not a member of its group yet") });
  expect((await read(url, "/metrics")).text).toContain("rejoinder_consumer_ready 0\n");
});

test("a port that is taken ends it, and it says which variable to set", async () => {
  const taken = new URL(receiver.url).port;
  await expect(startConsumerProcess(gateway, receiver, { METRICS_PORT: taken })).rejects.toThrow(
    `METRICS_PORT: Port ${taken} of 127.0.0.1 is taken. Set it to a free one.`,
  );
});
