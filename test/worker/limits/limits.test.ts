import { expect, test } from "vitest";
import { createApp } from "../../../worker/app.ts";
import { PUBLIC_OWNER } from "../../../worker/correlation-id.ts";
import { createBurstWindows } from "../../../worker/limits/burst-windows.ts";
import { createLedger, type Ledger } from "../../../worker/limits/ledger.ts";
import { createLimits } from "../../../worker/limits/limits.ts";
import type { Plans } from "../../../worker/limits/plans.ts";
import type { StatusKey } from "../../../worker/status-store.ts";
import type { PublishResult } from "../../../worker/request-publisher.ts";
import { contract } from "../../project/app/contract.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import type { TestStorage } from "../support/test-host.ts";
import type { BatchResult } from "../support/batches.ts";
import { publisherOf } from "../support/publisher.ts";
import { idsAt } from "../support/worker.ts";

const NOON = Date.parse("2026-02-27T12:00:00Z");
const EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded";

type Options = { plans: Plans; ledger?: Partial<Ledger>; owner?: string };

/** An API with these plans, whose callers say by headers who they are. Kafka stores all, unless a test says otherwise. */
const open = (storage: TestStorage, { plans, ledger = {} }: Options) => {
  const state = { outcome: { outcome: "stored", status: undefined } as PublishResult, published: 0, logged: 0 };
  const claimed = new Map<string, StatusKey>();
  const addressOf: Parameters<typeof createLimits>[0]["addressOf"] = ({ req }) => req.header("x-address");
  const counts = createLedger({
    sql: storage.sql,
    transaction: (run) => storage.transactionSync(run),
    haveEnded: async (keys) => keys.map(() => false),
    now: () => NOON,
  });
  const app = createApp({
    contract,
    authorize: ({ req }) => ({
      subject: undefined,
      authtype: "unknown",
      scopes: ["requests:*"],
      plan: req.header("x-plan"),
      owner: req.header("x-owner") ?? PUBLIC_OWNER,
    }),
    ids: idsAt(() => NOON),
    publisher: publisherOf(async (key, _record, _waitMs, _caller, _consumerOf, claim) => {
      const first = claim && claimed.get(claim.name);
      if (first !== undefined) return { outcome: "stored", status: undefined, first };
      if (claim?.mustBeKnown === true) return { outcome: "unclaimed" };
      if (claim !== undefined) claimed.set(claim.name, key);
      state.published++;
      return state.outcome;
    }),
    statuses: host.mailbox,
    addressOf,
    limits: createLimits({
      plans,
      takeBurst: createBurstWindows({ nowMs: () => 0 }),
      ledger: { ...counts, ...ledger },
      addressOf,
      random: () => 0.5,
      logError: () => void state.logged++,
    }),
    shards: 1,
    source: "/worker",
    corsOrigins: ["https://page.example"],
    replySecrets: [],
  });
  const post = async (headers: Record<string, string> = {}, body = '{"a":1,"b":2}') => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
    const response = await app.request("/requests/sum", init);
    const field = (name: string) => response.headers.get(name);
    return {
      status: response.status,
      limit: field("ratelimit"),
      policy: field("ratelimit-policy"),
      retryAfter: field("retry-after"),
      replayed: field("idempotent-replayed"),
      check: field("quota-check"),
      exposed: field("access-control-expose-headers"),
      problem: response.status < 400 ? undefined : await response.json(),
    };
  };
  /** Sends a batch of that many requests. */
  const postBatch = async (count: number, headers: Record<string, string> = {}) => {
    const item = '{"operation":"sum","data":{"a":1,"b":2}}';
    const body = `{"requests":[${Array.from({ length: count }, () => item).join(",")}]}`;
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
    const response = await app.request("/requests:batch", init);
    const { results } = await response.json<{ results?: BatchResult[] }>();
    return { status: response.status, limit: response.headers.get("ratelimit"), results: results ?? [] };
  };
  return { post, postBatch, state };
};

const inStorage = (options: Options, run: (opened: ReturnType<typeof open>) => Promise<void>): Promise<void> =>
  host.inStorage((storage) => run(open(storage, options)));

test("a burst is refused with what was allowed, and when to come back", () =>
  inStorage({ plans: { default: { burst: { requests: 2, seconds: 60 } } } }, async ({ post, state }) => {
    const caller = { "x-address": "192.0.2.1" };
    expect(await post(caller)).toMatchObject({ status: 202, policy: '"burst";q=2;w=60', limit: '"burst";r=1;t=60' });
    await post(caller);
    expect(await post(caller)).toMatchObject({
      status: 429,
      policy: '"burst";q=2;w=60',
      limit: '"burst";r=0;t=60',
      retryAfter: "60",
      problem: { type: EXCEEDED, code: "RATE_LIMITED", status: 429, retryable: true, "violated-policies": ["burst"] },
    });
    expect(state.published).toBe(2);
    // Others are not hindered.
    expect(await post({ "x-address": "192.0.2.2" })).toMatchObject({ status: 202, limit: '"burst";r=1;t=60' });
    expect(await post({ ...caller, "x-owner": "0a0b0c0d0e0f" })).toMatchObject({ status: 202, limit: '"burst";r=1;t=60' });
  }));

test("a quota is refused until the next period, and pages may read what is left", () =>
  inStorage({ plans: { free: { quota: { requests: 2, per: "month" } } } }, async ({ post }) => {
    const caller = { "x-owner": "0a0b0c0d0e0f", "x-plan": "free", origin: "https://page.example" };
    const first = await post(caller);
    expect(first).toMatchObject({ status: 202, policy: '"month";q=2;w=2419200', limit: '"month";r=1;t=129600' });
    expect(first.exposed).toContain("RateLimit,RateLimit-Policy,Quota-Check");
    await post(caller);
    expect(await post(caller)).toMatchObject({
      status: 429,
      limit: '"month";r=0;t=129600',
      retryAfter: "129630",
      problem: { type: EXCEEDED, code: "QUOTA_EXCEEDED", "violated-policies": ["month"] },
    });
    expect(await post({ ...caller, "x-owner": "0a0b0c0d0e10" })).toMatchObject({ status: 202, limit: '"month";r=1;t=129600' });
  }));

test("more requests that have not ended than the plan says are refused", () =>
  inStorage({ plans: { default: { concurrent: 1, burst: { requests: 9, seconds: 10 } } } }, async ({ post }) => {
    expect(await post()).toMatchObject({ status: 202, policy: '"burst";q=9;w=10, "concurrent";q=1;qu="concurrent-requests"' });
    expect(await post()).toMatchObject({
      status: 429,
      retryAfter: "1",
      problem: { type: EXCEEDED, code: "RATE_LIMITED", "violated-policies": ["concurrent"] },
    });
  }));

test("what was not sent is not counted in a quota", () =>
  inStorage({ plans: { default: { quota: { requests: 9, per: "day" }, concurrent: 1 } } }, async ({ post, state }) => {
    expect((await post({}, '{"a":"x"}')).status).toBe(422);
    state.outcome = { outcome: "unavailable", detail: "Kafka is away." };
    expect((await post()).status).toBe(503);
    state.outcome = { outcome: "stored", status: undefined };
    expect(await post()).toMatchObject({ status: 202, limit: '"day";r=8;t=43200' });
  }));

test("a request that comes again with its key is not counted again, and is answered though the quota is used up", () =>
  inStorage({ plans: { default: { quota: { requests: 2, per: "day" }, concurrent: 2 } } }, async ({ post, state }) => {
    const key = (name: string) => ({ "idempotency-key": `"${name}"` });
    for (let index = 0; index < 4; index++) expect((await post(key("a"))).status).toBe(202);
    expect((await post(key("b"))).status).toBe(202);
    expect(await post(key("b"))).toMatchObject({ status: 202, replayed: "true" });
    expect(await post(key("c"))).toMatchObject({ status: 429, problem: { code: "QUOTA_EXCEEDED" } });
    expect(state.published).toBe(2);
  }));

test("when nobody can count, the plan says whether a request goes on", async () => {
  const quota = { requests: 1, per: "month" } as const;
  const enter = () => Promise.reject(new Error("No answer within 2000 ms"));
  const plans: Plans = { open: { quota }, strict: { quota, whenUnavailable: "refuse" } };
  await inStorage({ plans, ledger: { enter } }, async ({ post, state }) => {
    expect(await post({ "x-plan": "open" })).toMatchObject({ status: 202, check: "skipped", policy: null });
    expect(await post({ "x-plan": "strict" })).toMatchObject({
      status: 503,
      check: "failed",
      problem: { type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity", code: "LIMITS_UNAVAILABLE" },
    });
    expect(state).toMatchObject({ published: 1, logged: 2 });
  });
});

test("who has no plan has the one called default, and without limits nothing is counted or said", () =>
  inStorage({ plans: { default: { burst: { requests: 1, seconds: 10 } }, unlimited: {} } }, async ({ post, state }) => {
    for (let index = 0; index < 3; index++)
      expect(await post({ "x-plan": "unlimited" })).toMatchObject({ status: 202, policy: null, limit: null, check: null });
    expect((await post({ "x-plan": "constructor" })).status).toBe(202);
    expect((await post()).status).toBe(429);
    expect(state.published).toBe(4);
  }));

test("a batch counts as many requests as it has, and those beyond a limit are refused one by one", async () => {
  const plans: Plans = {
    burst: { burst: { requests: 3, seconds: 60 } },
    quota: { quota: { requests: 3, per: "month" } },
    concurrent: { concurrent: 3 },
  };
  const refused = [
    ["burst", { code: "RATE_LIMITED", "violated-policies": ["burst"], retryAfterSeconds: 60 }],
    ["quota", { code: "QUOTA_EXCEEDED", "violated-policies": ["month"], retryAfterSeconds: 129_630 }],
    ["concurrent", { code: "RATE_LIMITED", "violated-policies": ["concurrent"], retryAfterSeconds: 1 }],
  ] as const;
  await inStorage({ plans }, async ({ post, postBatch, state }) => {
    for (const [index, [plan, problem]] of refused.entries()) {
      const caller = { "x-plan": plan, "x-owner": `0a0b0c0d0e0${index}` };
      const { results } = await postBatch(5, caller);
      expect(results.map(({ status }) => status)).toEqual([202, 202, 202, 429, 429]);
      expect(results[3]).toMatchObject({ type: EXCEEDED, ...problem });
      expect((await post(caller)).status).toBe(429);
      expect(state.published).toBe((index + 1) * 3);
    }
    // The first of a batch is counted before its body is read.
    expect(await postBatch(1, { "x-plan": "burst", "x-owner": "0a0b0c0d0e00" })).toMatchObject({ status: 429 });
  });
});

test("what of a batch was not sent, or came before, is not counted in a quota", () =>
  inStorage({ plans: { default: { quota: { requests: 3, per: "day" } } } }, async ({ postBatch, state }) => {
    state.outcome = { outcome: "unavailable", detail: "Kafka is away." };
    expect((await postBatch(3)).results.map(({ status }) => status)).toEqual([503, 503, 503]);
    state.outcome = { outcome: "stored", status: undefined };
    const key = { "idempotency-key": '"a"' };
    for (const replayed of [undefined, true, true])
      expect((await postBatch(2, key)).results.map(({ idempotentReplayed }) => idempotentReplayed)).toEqual([replayed, replayed]);
    // One is left.
    expect((await postBatch(2)).results.map(({ status }) => status)).toEqual([202, 429]);
    expect((await postBatch(3, key)).results.map(({ code, idempotentReplayed }) => code ?? idempotentReplayed)).toEqual([
      true,
      true,
      "QUOTA_EXCEEDED",
    ]);
    expect(state.published).toBe(6);
  }));

test("a quota that nobody can count is told of each request of a batch, if the plan says so", async () => {
  const quota = { requests: 1, per: "month" } as const;
  const enterAll = () => Promise.reject(new Error("No answer within 2000 ms"));
  await inStorage({ plans: { open: { quota }, strict: { quota, whenUnavailable: "refuse" } }, ledger: { enterAll } }, async (opened) => {
    const resultsFor = async (plan: string) => (await opened.postBatch(2, { "x-plan": plan })).results.map(({ code }) => code);
    expect(await resultsFor("open")).toEqual([undefined, undefined]);
    expect(await resultsFor("strict")).toEqual(["LIMITS_UNAVAILABLE", "LIMITS_UNAVAILABLE"]);
    expect(opened.state).toMatchObject({ published: 2, logged: 2 });
  });
});
