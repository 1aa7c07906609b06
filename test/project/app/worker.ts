import { context, trace } from "@opentelemetry/api";
import { defineWorker } from "@rejoinder/sdk/worker";
import { contract } from "./contract.ts";

const { worker, Mailbox } = defineWorker({ contract, telemetry: { context, trace } });

// The Durable Object of wrangler.toml: keep its name, since deployed replies are stored under it.
export { Mailbox };
export default worker;
