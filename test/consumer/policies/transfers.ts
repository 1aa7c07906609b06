import * as z from "zod";
import { policy, send, after } from "../../../consumer/policies/policy.ts";
import { aggregate } from "../../../contract/aggregate.ts";
import { defineContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import type { Commit } from "../../../protocol/commit-record.ts";
import { encodeCommit } from "../../../protocol/commit-record.ts";
import { accounts } from "../../contract/bank.ts";

const transfer = z.string().min(1);
const cents = z.int().positive();
const parties = { from: z.string().min(1), to: z.string().min(1), cents };

/** Transfers of money, which remember how far they are. */
export const transfers = aggregate({
  events: {
    begun: z.strictObject(parties),
    completed: z.strictObject({}),
    "timed-out": z.strictObject({}),
  },
  commands: {
    begin: operation({ request: z.strictObject({ transfer, ...parties }), reply: z.null() }),
    complete: operation({ request: z.strictObject({ transfer }), reply: z.null() }),
    "time-out": operation({ request: z.strictObject({ transfer }), reply: z.null() }),
  },
  id: ({ transfer }) => transfer,
});

export const contract = defineContract({
  account: accounts,
  transfer: transfers,
  notify: operation({ request: z.strictObject({ text: z.string().max(50) }), reply: z.null(), topic: "notices" }),
});

/** A transfer that has begun debits one account now, and times out later. */
export const begins = policy(transfers, {
  begun: ({ from, cents: amount }, { id }) => [
    send(contract["account.debit"], { account: from, cents: amount }),
    after("30s", send(contract["transfer.time-out"], { transfer: id })),
  ],
});

/** Tells of what has ended. */
export const notices = policy(transfers, {
  completed: (_, { id, version }) => send(contract.notify, { text: `${id} completed at ${version}` }),
});

export const TOPIC = "transfer-events";
export const PARTITION = { topic: TOPIC, partition: 0 };
export const START = Date.parse("2026-01-01T00:00:00Z");

type Happened = { readonly type: string; readonly data: unknown };

/** A transfer has begun. */
export const BEGUN: Happened = { type: "begun", data: { from: "ada", to: "bob", cents: 5 } };
export const COMPLETED: Happened = { type: "completed", data: {} };

/** A commit of a transfer as a record, of the aggregate in the tests' contract. */
export const commitRecord = (key: string, commit: string, after_: string, events: readonly Happened[], at = START) =>
  encodeCommit({
    key,
    commit,
    after: after_,
    command: `command-of-${commit}`,
    events: events.map(({ type, data }, index): Commit["events"][number] => ({
      specversion: "1.0",
      id: `${commit}/${index}`,
      source: "rejoinder:transfer",
      type: `transfer.${type}`,
      time: new Date(at).toISOString(),
      datacontenttype: "application/json",
      data,
    })),
  });
