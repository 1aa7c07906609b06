import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readServeConfig } from "../../cli/serve/config.ts";
import { openServedWorker } from "../../cli/serve/served-worker.ts";
import { readConsumerConfig } from "../../consumer/config.ts";
import { startObservation } from "../../consumer/observe/observation.ts";
import { openConsumer } from "../../consumer/run-consumer.ts";
import { createLog, type Log } from "../../environment/log.ts";
import consumer from "../project/app/consumer.ts";

/** A line of Prometheus' text format. */
export type Sample = { readonly name: string; readonly labels: Readonly<Record<string, string>> };

const SECRETS = {
  CORRELATION_SECRET: "1:a-secret-of-at-least-32-characters",
  REPLY_SECRET: "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==",
};
const LOGIN = "consumer:change-me";

/** The samples of a gateway, a Worker on Node and a consumer that have just handled a request, and the names of all their metrics. */
export const readRunningMetrics = async (): Promise<{ readonly samples: readonly Sample[]; readonly names: ReadonlySet<string> }> => {
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-metrics-"));
  const { log, firstLine } = keepFirstLine();
  const worker = await openServedWorker(
    { contract: consumer.contract },
    readServeConfig(
      {
        ...SECRETS,
        AUTH: "public",
        CONSOLE: "off",
        PORT: "0",
        METRICS_PORT: "0",
        MAILBOX_DATA_DIR: `${folder}/mailbox`,
        MAILBOX_FSYNC: "os",
        GATEWAY_ENGINE: "embedded",
        GATEWAY_PORT: "0",
        GATEWAY_DATA_DIR: `${folder}/gateway`,
        GATEWAY_FSYNC: "os",
        GATEWAY_CREDENTIALS: LOGIN,
      },
      { contract: consumer.contract },
    ),
    log,
  );
  const config = readConsumerConfig(
    {
      ...SECRETS,
      WORKER_URL: worker.url,
      UPSTASH_KAFKA_REST_URL: String(worker.gatewayUrl),
      UPSTASH_KAFKA_REST_USERNAME: "consumer",
      UPSTASH_KAFKA_REST_PASSWORD: "change-me",
    },
    consumer.contract,
  );
  const { observer, url } = await startObservation({ host: "127.0.0.1", port: 0 }, Object.keys(consumer.handlers), ["account"]);
  // The project has no views.
  observer.watch({
    views: () => [{ view: "balances", version: 1, partition: 0, state: "live", lag: 0, unshipped: 0 }],
  });
  const running = await openConsumer(consumer, config, log, observer);
  await running.ready;
  const response = await fetch(`${worker.url}/requests/sum`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=20" },
    body: '{"a":2,"b":3}',
  });
  if (response.status !== 200) throw new Error(await response.text());
  // What this request did not come to.
  observer.read({ topic: "requests", partition: 0, offset: 0, end: 1 });
  observer.deadLettered("requests");

  const readAll = async (): Promise<string> => {
    const headers = { authorization: `Basic ${btoa(LOGIN)}` };
    const pages = [
      fetch(`${url}/metrics`),
      fetch(String(firstLine()["metricsUrl"])),
      fetch(`${String(worker.gatewayUrl)}/metrics`, { headers }),
    ].map(async (page) => (await page).text());
    return (await Promise.all(pages)).join("\n");
  };
  // While the consumer has an instance at the gateway, and once it has committed.
  const before = await readAll();
  await running.drain(2_000);
  const text = `${before}\n${await readAll()}`;
  await worker.drain(0);
  await rm(folder, { recursive: true });
  return readPages(text);
};

/** A log that keeps nothing but the first line with the address of metrics. */
const keepFirstLine = (): { readonly log: Log; firstLine(): Record<string, unknown> } => {
  let kept: Record<string, unknown> = {};
  const silent = createLog({ LOG_LEVEL: "error", LOG_FORMAT: "json" });
  const info = (line: unknown): void => {
    if (typeof line === "object" && line !== null && "metricsUrl" in line) kept = line as Record<string, unknown>;
  };
  return { log: { ...silent, debug: () => {}, info, warn: () => {}, child: () => silent } as unknown as Log, firstLine: () => kept };
};

const readPages = (text: string) => {
  const samples: Sample[] = [];
  const names = new Set<string>();
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\w+) (\w+)$/.exec(line);
    if (type !== null) for (const suffix of type[2] === "histogram" ? ["_bucket", "_count", "_sum"] : [""]) names.add(type[1] + suffix);
    const sample = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line);
    if (sample !== null)
      samples.push({
        name: sample[1] ?? "",
        labels: Object.fromEntries(pairsOf(sample[2] ?? "").map(({ label, value }) => [label, value])),
      });
  }
  return { samples, names };
};

/** `label="value"`, or with another operator. */
export const pairsOf = (text: string): readonly { readonly label: string; readonly operator: string; readonly value: string }[] =>
  [...text.matchAll(/(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g)].map(([, label = "", operator = "", value = ""]) => ({
    label,
    operator,
    value,
  }));
