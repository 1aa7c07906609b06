import { defineWorker } from "@rejoinder/sdk/worker";
import { contract } from "./contract.ts";

const { worker, Mailbox } = defineWorker({ contract });

export { Mailbox };
export default worker;
