import { env } from "cloudflare:workers";
import { mailboxStore } from "../../../worker/stores/mailbox.ts";
import { testReplyStore } from "./reply-store-contract.ts";

testReplyStore("mailbox", () => mailboxStore({ namespace: env.MAILBOX }));
