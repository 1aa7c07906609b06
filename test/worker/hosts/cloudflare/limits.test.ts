import { env } from "cloudflare:workers";
import { evictDurableObject, listDurableObjectIds } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { defineWorker } from "../../../../worker/define-worker.ts";
import type { Plans } from "../../../../worker/limits/plans.ts";
import { contract } from "../../../project/app/contract.ts";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import { deliver, replyTo } from "../../support/replies.ts";
import { createId, keyOf, replyFor } from "../../support/worker.ts";
import { mailboxOf } from "./test-host.ts";

/** A Worker with these plans, whose callers say by headers who they are. */
const open = (plans: Plans, overrides: object = {}) => {
  const { worker } = defineWorker({
    contract,
    plans,
    authenticate: ({ headers }) => ({
      subject: headers.get("x-subject") ?? "somebody",
      scopes: ["requests:*"],
      plan: headers.get("x-plan") ?? undefined,
    }),
  });
  const post = (headers: Record<string, string> = {}) =>
    worker.fetch(
      new Request("https://api.example/requests/sum", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: '{"a":1,"b":2}',
      }),
      { ...env, ...overrides },
    );
  return post;
};
const subject = () => ({ "x-subject": crypto.randomUUID() });
const idIn = (response: Response) => String(response.headers.get("location")).split("/").at(-1) as string;

test("a burst is counted by the binding of its plan", async () => {
  const post = open({ bursty: { burst: { requests: 5, seconds: 60 } } });
  const caller = { ...subject(), "x-plan": "bursty" };
  const statuses = [];
  for (let index = 0; index < 6; index++) statuses.push((await post(caller)).status);
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
  const refused = await post(caller);
  expect([refused.headers.get("ratelimit"), refused.headers.get("retry-after")]).toEqual(['"burst";r=0;t=60', "60"]);
  const other = await post({ ...subject(), "x-plan": "bursty" });
  expect([other.status, other.headers.get("ratelimit-policy"), other.headers.get("ratelimit")]).toEqual([202, '"burst";q=5;w=60', null]);
});

test("a quota is counted by an object, exactly, and outlives it", async () => {
  const post = open({ default: { quota: { requests: 3, per: "month" } } });
  const caller = subject();
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(caller)));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
  const namespace = env.LIMITS as NonNullable<typeof env.LIMITS>;
  const ids = await listDurableObjectIds(namespace);
  await Promise.all(ids.map((id) => evictDurableObject(namespace.get(id))));
  expect((await post(caller)).status).toBe(429);
  expect((await post(subject())).status).toBe(202);
});

test("a request that has ended makes room for another", async () => {
  const post = open({ default: { concurrent: 2 } });
  const caller = subject();
  const [first] = [await post(caller), await post(caller)];
  expect((await post(caller)).status).toBe(429);
  expect(await deliver([replyTo(idIn(first))])).toMatchObject({ status: 200 });
  expect([(await post(caller)).status, (await post(caller)).status]).toEqual([202, 429]);
});

test("what a plan needs and is not bound is told, and how to add it", async () => {
  const quota = { requests: 1, per: "day" } as const;
  const production = { ENVIRONMENT: "production", LIMITS: undefined };
  const post = open({ free: { burst: { requests: 1, seconds: 10 }, quota } }, production);
  const response = await post();
  expect([response.status, await response.json()]).toMatchObject([
    500,
    {
      code: "MISCONFIGURED",
      problems: [expect.stringMatching(/^BURST_FREE is not bound: /), expect.stringMatching(/^LIMITS is not bound: /)],
    },
  ]);
});

test("an object that is away is no reason to refuse, unless the plan says so", async () => {
  const quota = { requests: 1, per: "day" } as const;
  const away = { idFromName: () => "id", get: () => ({ calls: () => Promise.reject(new Error("The object is away")) }) };
  const post = open({ default: { quota }, strict: { quota, whenUnavailable: "refuse" } }, { LIMITS: away });
  const allowed = await post(subject());
  expect([allowed.status, allowed.headers.get("quota-check")]).toEqual([202, "skipped"]);
  const refused = await post({ ...subject(), "x-plan": "strict" });
  expect([refused.status, refused.headers.get("quota-check")]).toEqual([503, "failed"]);
});

test("one caller cannot take all waits of a shard", async () => {
  const store = mailboxStore({ namespace: env.MAILBOX });
  const id = await createId({ shard: 700 });
  const read = (waitMs: number, waitsAs: string) => store.read(keyOf(id), waitMs, [], { waitsAs });
  const waits = Array.from({ length: 1_001 }, () => read(20_000, "0a0b0c0d0e0f"));
  expect(await Promise.race(waits)).toBe("overloaded");
  const other = read(20_000, "0a0b0c0d0e10");
  await vi.waitUntil(async () => (await mailboxOf(id).waiting()) === 1_001);
  await mailboxOf(id).deliver([replyFor(id)]);
  expect(await other).toMatchObject({ state: "succeeded" });
  expect((await Promise.all(waits)).filter((read) => read === "overloaded")).toHaveLength(1);
});
