import { defineWorker } from "@rejoinder/sdk/worker";
import { contract } from "./contract.ts";

const { worker, Mailbox } = defineWorker({ contract });

// The Durable Object of wrangler.toml: keep its name, since deployed replies are stored under it.
export { Mailbox };
export default worker;
