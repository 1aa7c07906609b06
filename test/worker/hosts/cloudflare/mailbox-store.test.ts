import { env } from "cloudflare:workers";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import { testStatusStore } from "../../stores/status-store-contract.ts";

testStatusStore("mailbox", () => mailboxStore({ namespace: env.MAILBOX }));
