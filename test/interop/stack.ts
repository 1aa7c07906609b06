import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StatusBody } from "../../protocol/status.ts";
import { REPLY_SECRET } from "../consumer/process.ts";
import { buildConsole } from "../../tools/console-build.ts";
import { copyCheckout } from "../helpers/checkout.ts";
import { createProject } from "../helpers/project.ts";
import { startGatewayProcess } from "../helpers/gateway.ts";
import { freePort, type RunningProcess, startProcess } from "../helpers/processes.ts";
import { until } from "../helpers/stack.ts";
import { ownName } from "../kafka/broker/topics.ts";

/** An operation like `sum` that somebody else answers. */
export type Responded = {
  readonly name: string;
  readonly deadlineSeconds: number;
  readonly requestTopic: string;
  readonly replyTopic: string;
};

export type Answer = { readonly status: number; readonly body: unknown; readonly location: string };

export type InteropStackOptions = {
  readonly brokers: readonly string[];
  /** What the contract has beside the operations of this checkout. */
  readonly responded?: readonly Responded[];
  /** What there must be for others, beside the topics of the contract. */
  readonly topics?: readonly string[];
};

/** The Worker in workerd, and the gateway before a cluster, of a contract that has operations with responders. */
export type InteropStack = {
  /** Posts a request that waits for its reply. */
  request(operation: string, data: unknown, prefer?: string): Promise<Answer>;
  /** Looks at a status until it is terminal. */
  untilTerminal(location: string): Promise<StatusBody>;
  /** Starts the consumer with its relay; one at a time. */
  startConsumer(variables: Readonly<Record<string, string>>): Promise<RunningProcess>;
  remove(): Promise<void>;
};

/** Starts them on the cluster. */
export const startInteropStack = async ({ brokers, responded = [], topics = [] }: InteropStackOptions): Promise<InteropStack> => {
  const checkout = copyCheckout();
  const dir = mkdtempSync(join(tmpdir(), "rejoinder-interop-"));
  const handled = ownName("requests");
  // Else nobody would be told of a deadline for a minute after it.
  checkout.replaceLine("worker/mailbox/rules.ts", "export const GRACE_AFTER_DEADLINE_MS", "export const GRACE_AFTER_DEADLINE_MS = 1_000;");
  await buildConsole(join(checkout.directory, "dist/console"));
  const project = createProject({ "app/contract.ts": contractOf(handled, responded), "app/consumer.ts": CONSUMER }, checkout.directory);
  const provided = [
    handled,
    `${handled}-dlt`,
    ...topics,
    ...responded.flatMap(({ requestTopic, replyTopic }) => [requestTopic, replyTopic]),
  ];
  const cluster = { KAFKA_BROKERS: brokers.join(",") };
  const gateway = await startGatewayProcess({
    ...cluster,
    GATEWAY_ENGINE: "kafka",
    GATEWAY_TOPICS: provided.map((topic) => `${topic}:3`).join(","),
  });
  const gatewayAsSeen = {
    UPSTASH_KAFKA_REST_URL: gateway.url,
    UPSTASH_KAFKA_REST_USERNAME: gateway.username,
    UPSTASH_KAFKA_REST_PASSWORD: gateway.password,
  };
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const worker = await startProcess(
    "worker",
    {
      ...gatewayAsSeen,
      REJOINDER_DIR: dir,
      PORT: port,
      AUTH: "public",
      ENVIRONMENT: "local",
      CORRELATION_SECRET: `1:${"interop-".repeat(8)}`,
      REPLY_SECRET,
      EXIT_WITH_PARENT: "1",
    },
    { run: checkout.run, project: project.directory },
  );
  const group = ownName("interop");
  return {
    async request(operation, data, prefer = "wait=25") {
      const headers = { "content-type": "application/json", prefer };
      const response = await fetch(`${url}/requests/${operation}`, { method: "POST", headers, body: JSON.stringify(data) });
      return { status: response.status, body: await response.json(), location: response.headers.get("location") ?? "" };
    },
    async untilTerminal(location) {
      let status: Response | undefined;
      await until(async () => {
        status = await fetch(url + location, { headers: { prefer: "wait=20" } });
        return status.status !== 202;
      });
      return (await status?.json()) as StatusBody;
    },
    startConsumer: (variables) =>
      startProcess(
        "consumer",
        {
          ...(variables["SOURCE"] === "kafka" ? cluster : gatewayAsSeen),
          WORKER_URL: url,
          REPLY_SECRET,
          CONSUMER_GROUP: group,
          CONSUMER_INSTANCE: "interop-1",
          LOG_LEVEL: "debug",
          EXIT_WITH_PARENT: "1",
          ...variables,
        },
        { run: checkout.run, project: project.directory },
      ),
    async remove() {
      await worker.stop();
      await gateway.remove();
      checkout.remove();
      project.remove();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** `sum` and `report` in a topic of their own, and operations like `sum` that others answer. */
const contractOf = (topic: string, responded: readonly Responded[]): string => {
  const entries = responded.map(({ name, deadlineSeconds, requestTopic, replyTopic }) => {
    const responder = JSON.stringify({ headers: "spring", requestTopic, replyTopic });
    return `${JSON.stringify(name)}: operation({ ...sum, deadlineSeconds: ${deadlineSeconds}, responder: ${responder} as const }),`;
  });
  return `
    import { defineContract, operation } from "@rejoinder/sdk/contract";
    import * as z from "zod";
    const sum = { request: z.strictObject({ a: z.number(), b: z.number() }), reply: z.strictObject({ sum: z.number() }) };
    const errors = { SUM_OUT_OF_RANGE: { status: 422 } };
    const topic = ${JSON.stringify(topic)};
    export const contract = defineContract({
      sum: operation({ ...sum, errors, topic }),
      report: operation({ request: z.strictObject({ account: z.string() }), reply: z.null(), topic }),
      ${entries.join("\n")}
    });`;
};

const CONSUMER = `
  import { defineConsumer } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  export default defineConsumer({
    contract,
    handlers: {
      sum({ a, b }, { errors }) {
        if (!Number.isFinite(a + b)) throw errors.SUM_OUT_OF_RANGE("The sum is larger than a number can be.");
        return { sum: a + b };
      },
      report: () => null,
    },
  });`;
