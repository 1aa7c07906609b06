import { aggregate, type Contract, defineContract, operation, view } from "@rejoinder/sdk/contract";
import { expect } from "vitest";
import * as z from "zod";
import type { ViewBatch, ViewBatchResult } from "../../../protocol/view-batch.ts";
import { signWebhook } from "../../../protocol/webhook-signature.ts";
import type { WorkerSettings } from "../../../worker/define-worker.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { hmacOf } from "./replies.ts";
import type { OpenedWorker, OtherWorker } from "./test-host.ts";
import { testEnv } from "./worker.ts";

/** Accounts, and a view of their balances under that name: objects of a name are shared by all tests of a file. */
export const contractOf = (name: string, version = 1): Contract => {
  const account = aggregate({
    events: { credited: z.strictObject({ cents: z.int() }) },
    commands: { credit: operation({ request: z.strictObject({ account: z.string(), cents: z.int() }), reply: z.strictObject({}) }) },
    id: ({ account }) => account,
  });
  return defineContract({ account, [name]: view({ from: account, version, row: z.strictObject({ cents: z.int() }) }) }) as Contract;
};

export const GENERATION = "0123456789ab";
export const positionAt = (offset: number, partition = 0): string => `account.${partition}.${offset}.${GENERATION}`;

type Row = readonly [key: string, offset: number, row: unknown];

export type TestViews = OpenedWorker & {
  readonly name: string;
  /** What a consumer sends of one partition that has all commits before `to`, signed. */
  send(rows: readonly Row[], head?: Partial<ViewBatch>): Promise<Response>;
  /** The same: what came of it. */
  ship(rows: readonly Row[], head?: Partial<ViewBatch>): Promise<ViewBatchResult>;
  /** Reads a row by its key. */
  row(key: string, headers?: Record<string, string>, query?: string): Promise<Response>;
  list(query?: string, headers?: Record<string, string>): Promise<Response>;
  act(action: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Resolves when so many calls wait. */
  untilWaiting(count: number): Promise<void>;
};

/** Signs and sends a body to `POST /views`. */
export const sendBatch = async (
  { call }: Pick<OpenedWorker, "call">,
  body: string,
  contentType = "application/json",
): Promise<Response> => {
  const bytes = new TextEncoder().encode(body);
  const secret = testEnv.REPLY_SECRET.split(",")[0] as string;
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  const signature = await signWebhook(await hmacOf(secret), { id: crypto.randomUUID(), timestampSeconds, body: bytes });
  return call("/views", { method: "POST", headers: { "content-type": contentType, ...signature }, body: bytes });
};

/** A Worker whose contract has a view of its own. */
export const openTestViews = async (settings: Partial<WorkerSettings> = {}, other: OtherWorker = {}, version = 1): Promise<TestViews> => {
  const name = `view-${crypto.randomUUID().slice(0, 13)}`;
  return viewsOf(name, await host.openOther({ contract: contractOf(name, version), ...settings }, other));
};

export const viewsOf = (name: string, opened: OpenedWorker): TestViews => {
  const send = (rows: readonly Row[], head: Partial<ViewBatch> = {}): Promise<Response> => {
    const to = Math.max(-1, ...rows.map(([, offset]) => offset)) + 1;
    const changes = rows.map(([key, offset, row]) => ({ key, offset, row }));
    const place = { view: name, version: 1, partition: 0, partitions: 1, generation: GENERATION, fold: "one", from: 0, to };
    return sendBatch(opened, JSON.stringify({ ...place, isCaughtUp: true, ...head, rows: changes }));
  };
  return {
    ...opened,
    name,
    send,
    ship: async (rows, head) => (await send(rows, head)).json<ViewBatchResult>(),
    row: (key, headers = {}, query = "") => opened.call(`/views/${name}/${encodeURIComponent(key)}${query}`, { headers }),
    list: (query = "", headers = {}) => opened.call(`/views/${name}${query}`, { headers }),
    act: (action, headers = {}) =>
      opened.call(`/views/${name}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(action),
      }),
    untilWaiting: (count) => expect.poll(opened.waiting, { interval: 5, timeout: 15_000 }).toBe(count),
  };
};
