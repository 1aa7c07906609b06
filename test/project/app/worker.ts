import { context, trace } from "@opentelemetry/api";
import { defineWorker } from "@rejoinder/sdk/worker";
import { contract } from "./contract.ts";

const { worker, Mailbox, Limits, Views } = defineWorker({ contract, telemetry: { context, trace } });

// The Durable Objects of wrangler.toml: keep their names, since what is deployed is stored under them.
export { Limits, Mailbox, Views };
export default worker;
