import { env } from "cloudflare:workers";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import { testReplyStore } from "../../stores/status-store-contract.ts";

testReplyStore("mailbox", () => mailboxStore({ namespace: env.MAILBOX }));
