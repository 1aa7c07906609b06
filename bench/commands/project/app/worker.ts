import { defineWorker } from "@rejoinder/sdk/worker";
import { contract } from "./contract.ts";

const { worker, Mailbox, Views } = defineWorker({ contract });

// The Durable Objects of wrangler.toml: keep their names, since what is deployed is stored under them.
export { Mailbox, Views };
export default worker;
