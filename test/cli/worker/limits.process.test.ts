import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startWorkerRuntime } from "../../../cli/worker/worker-runtime.ts";
import { createProject } from "../fixtures/project.ts";

const WORKER = `import { defineWorker } from "@rejoinder/sdk/worker";
  import { contract } from "./contract.ts";
  const plans = { default: { burst: { requests: 2, seconds: 60 }, quota: { requests: 9, per: "month" } } };
  const { worker, Mailbox, Limits } = defineWorker({ contract, plans });
  export { Limits, Mailbox };
  export default worker;
`;

test("a Worker with plans runs in workerd without a change of wrangler.toml", async () => {
  const project = createProject();
  onTestFinished(() => project.remove());
  project.write("app/worker.ts", WORKER);
  const runtime = await startWorkerRuntime({
    project: { workerEntry: join(project.root, "app/worker.ts"), compatibilityDate: "2026-08-06", compatibilityFlags: [] },
    port: 0,
    directory: join(project.root, ".rejoinder"),
    bindings: {
      AUTH: "public",
      CORRELATION_SECRET: `1:${"s".repeat(43)}`,
      REPLY_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}`,
      UPSTASH_KAFKA_REST_URL: "http://127.0.0.1:9",
      UPSTASH_KAFKA_REST_USERNAME: "worker",
      UPSTASH_KAFKA_REST_PASSWORD: "password",
    },
    onWorkerd(stdout, stderr) {
      stdout.resume();
      stderr.resume();
    },
  });
  onTestFinished(() => runtime.close());
  const post = () =>
    fetch(`${runtime.url}/requests/greet`, { method: "POST", headers: { "content-type": "application/json" }, body: '"you"' });
  // There is no Kafka, so the requests fail, but behind all limits.
  expect((await post()).headers.get("ratelimit")).toMatch(/^"burst";r=1;t=60, "month";r=8;t=\d+$/);
  await post();
  expect((await post()).status).toBe(429);
});
