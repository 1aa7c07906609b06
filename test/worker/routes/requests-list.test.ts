import { expect, test } from "vitest";
import { host } from "../hosts/cloudflare/test-host.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { idsOf, listAs, sendAs } from "../support/requests-list.ts";
import { as, bearer } from "../support/tokens.ts";
import { call, post } from "../support/worker.ts";

/** A caller who has sent nothing yet. */
const somebody = () => as(crypto.randomUUID());

/** What says why nothing is listed. */
const refusalOf = async (response: Response) => {
  const { code, detail } = await response.json<{ code: string; detail: string }>();
  return { status: response.status, code, detail };
};

test("a caller lists its own requests, the newest first, and nobody else's", async () => {
  const [ada, eve] = [await somebody(), await somebody()];
  const first = await sendAs(ada);
  const ofEve = await sendAs(eve);
  const second = await sendAs(ada, "echo", 1);
  await sendAs({});
  const { requests, next } = await listAs(ada);
  expect(requests).toMatchObject([
    { correlationId: second, operation: "echo", state: "accepted", status: `/status/${second}` },
    { correlationId: first, operation: "sum", state: "accepted", status: `/status/${first}` },
  ]);
  expect(next).toBeUndefined();
  expect(idsOf(await listAs(eve))).toEqual([ofEve]);
  expect(await listAs(await somebody())).toEqual({ requests: [] });
});

test("a listed request is as its status says", async () => {
  const ada = await somebody();
  const id = await sendAs(ada);
  await deliver([replyTo(id)]);
  const status = await (await call(`/status/${id}`, { headers: ada })).json<Record<string, unknown>>();
  const { status: path, ...listed } = (await listAs(ada)).requests[0] ?? { status: "" };
  expect(path).toBe(`/status/${id}`);
  expect(status).toMatchObject(listed);
  expect(Object.keys(listed)).toEqual(["correlationId", "operation", "state", "acceptedAt", "deadline", "expiresAt"]);
});

test("a list can be of one operation, and of one state as it is now", async () => {
  const ada = await somebody();
  const [done, failed, open] = [await sendAs(ada), await sendAs(ada), await sendAs(ada)];
  const echoed = await sendAs(ada, "echo", "hello");
  await deliver([
    replyTo(done),
    replyTo(failed, { state: "failed", data: { type: "about:blank", title: "No", status: 500, code: "HANDLER_FAILED" } }),
  ]);
  const found = async (query: string) => idsOf(await listAs(ada, query));
  expect(await found("?operation=sum")).toEqual([open, failed, done]);
  expect(await found("?operation=echo")).toEqual([echoed]);
  expect(await found("?state=succeeded")).toEqual([done]);
  expect(await found("?state=failed&operation=sum")).toEqual([failed]);
  expect(await found("?state=accepted")).toEqual([echoed, open]);
  expect(await found("?state=accepted&operation=sum")).toEqual([open]);
  expect(await found("?state=expired")).toEqual([]);
  await call(`/status/${open}`, { method: "DELETE", headers: ada });
  expect(await found("?state=cancelling")).toEqual([open]);
});

test("pages follow one another by the link of each, while new requests come, and the last has none", async () => {
  const ada = await somebody();
  const sent: string[] = [];
  for (let count = 0; count < 7; count++) sent.unshift(await sendAs(ada));
  const pages: string[][] = [];
  let path = "/requests?limit=3&operation=sum";
  for (;;) {
    const response = await call(path, { headers: ada });
    pages.push(idsOf(await response.json()));
    const link = response.headers.get("link");
    if (link === null) break;
    path = /^<(\/requests\?[^>]+)>; rel="next"$/.exec(link)?.[1] ?? "";
    await sendAs(ada);
  }
  expect(pages).toEqual([sent.slice(0, 3), sent.slice(3, 6), sent.slice(6)]);
});

test("a cursor is good for its caller and its filter, and for nothing else", async () => {
  const [ada, eve] = [await somebody(), await somebody()];
  for (let count = 0; count < 3; count++) await sendAs(ada);
  await sendAs(eve);
  const { next = "" } = await listAs(ada, "?limit=1");
  expect((await listAs(ada, `?after=${next}&limit=100`)).requests).toHaveLength(2);
  const [id = "", digest = ""] = next.split(".");
  for (const [headers, query] of [
    [eve, `after=${next}`],
    [ada, `after=${next}&state=accepted`],
    [ada, `after=${next}&operation=sum`],
    [ada, `after=${id}`],
    [ada, `after=${id}.`],
    [ada, `after=.${digest}`],
    [ada, `after=${id.slice(0, -2)}AA.${digest}`],
    [ada, `after=${"A".repeat(5_000)}`],
    [ada, "after=%00"],
    [ada, `after=${next}&after=${next}`],
  ] as const) {
    const refusal = await refusalOf(await call(`/requests?${query}`, { headers }));
    expect(refusal, query).toMatchObject({ status: 400, code: "INVALID_QUERY" });
    expect(refusal.detail).toContain("Expected after to be");
  }
});

test("a parameter that makes no sense is refused, and the response names what does", async () => {
  const ada = await somebody();
  for (const [query, expected] of [
    ["limit=0", "1 to 100"],
    ["limit=101", "1 to 100"],
    ["limit=-1", "1 to 100"],
    ["limit=1e1", "1 to 100"],
    ["limit=ten", "1 to 100"],
    ["limit=1&limit=2", "there once"],
    ["state=done", "accepted, processing, cancelling, succeeded, failed, cancelled, expired"],
    ["state=constructor", "accepted"],
    ["state=failed&state=expired", "there once"],
    ["operation=product", "sum, echo, report"],
    ["operation=__proto__", "sum, echo, report"],
  ] as const) {
    const refusal = await refusalOf(await call(`/requests?${query}`, { headers: ada }));
    expect(refusal, query).toMatchObject({ status: 400, code: "INVALID_QUERY" });
    expect(refusal.detail, query).toContain(expected);
  }
  expect(await listAs(ada, "?limit=&state=&operation=&after=")).toEqual({ requests: [] });
});

test("whom nobody knows has no requests, and is told how to be known", async () => {
  await sendAs({});
  const response = await call("/requests");
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  const refusal = await refusalOf(response);
  expect(refusal).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
  expect(refusal.detail).toContain("AUTH=keys");
});

test("a list needs the scope to read statuses, and credentials that are for more than one of them", async () => {
  const ada = await somebody();
  const id = await sendAs(ada);
  const made = await call(`/status/${id}/token`, { method: "POST", headers: ada });
  const { token } = await made.json<{ token: string }>();
  for (const response of [
    await call("/requests", { headers: bearer(token) }),
    await call(`/requests?token=${token}`),
    await call("/requests", { headers: await as("ada", { scope: "requests:*" }) }),
  ])
    expect(await refusalOf(response)).toMatchObject({ status: 403, code: "INSUFFICIENT_SCOPE" });
});

test("a request that is sent again with its Idempotency-Key is listed once", async () => {
  const ada = await somebody();
  const headers = { ...ada, "idempotency-key": crypto.randomUUID() };
  const id = await sendAs(headers);
  expect(await sendAs(headers)).toBe(id);
  expect(idsOf(await listAs(ada))).toEqual([id]);
});

test("a Worker that keeps no index says how to have one", async () => {
  const headers = await somebody();
  const refusal = await refusalOf(await host.callOther({ variables: { REQUEST_INDEX: "off" } }, "/requests", { headers }));
  expect(refusal).toMatchObject({ status: 501, code: "NOT_SUPPORTED" });
  expect(refusal.detail).toMatch(/REQUEST_INDEX=on|REPLY_STORE=kv/);
});

test("a list takes no other method than GET, and pages of allowed origins see where the next page is", async () => {
  const response = await call("/requests", { method: "POST" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const ada = await somebody();
  const listed = await call("/requests", { headers: { ...ada, origin: "https://app.example" } });
  expect(listed.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect(listed.headers.get("access-control-expose-headers")).toContain("Link");
  expect((await post("sum", { a: 1, b: 2 }, ada)).status).toBe(202);
});
