import { testStatusStore } from "../../stores/status-store-contract.ts";
import { host } from "./test-host.ts";

testStatusStore("local mailbox", () => host.mailbox);
