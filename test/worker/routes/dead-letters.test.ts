import { describe, expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import type { DeadLettersBody } from "../../../worker/routes/dead-letters.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { actOn, putLetter, requestOf } from "../support/dead-letters.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { headersOfCorrelationId } from "../support/requests.ts";
import { call, createId } from "../support/worker.ts";

const problem = { type: "about:blank", title: "It failed", status: 500, code: "HANDLER_FAILED" };
const list = async (query: string): Promise<DeadLettersBody> => (await call(`/dead-letters?${query}`)).json<DeadLettersBody>();
const placesOf = ({ letters }: DeadLettersBody): string[] => letters.map(({ letter }) => letter);
const statusOf = async (id: string) => (await call(`/status/${id}`)).json<StatusBody>();
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

/** A request that has failed, and its letter; a code of its own finds it among those of other tests. */
const failedRequest = async ({ agoMs = 0 } = {}) => {
  const id = await createId({ agoMs });
  await deliver([replyTo(id.text, { state: "failed", data: problem, attempt: 2 })]);
  const code = `CODE_${crypto.randomUUID()}`;
  return { id, code, letter: await putLetter(requestOf(id), { correlationId: id.text, operation: "sum", code }) };
};

describe("dead letters", () => {
  test("are listed, the newest first, by operation, code and time, in pages", async () => {
    const code = `CODE_${crypto.randomUUID()}`;
    const id = await createId();
    const noon = Date.now() - 3_600_000;
    const places: string[] = [];
    for (const minute of [0, 1, 2])
      places.unshift(await putLetter(requestOf(id), { code, operation: "sum", timestamp: noon + minute * 60_000 }));
    const other = await putLetter({ value: "poison", headers: [] }, { code, operation: "echo", timestamp: noon - 60_000 });

    const all = await list(`code=${code}`);
    expect([all.count, placesOf(all), all.next]).toEqual([4, [...places, other], undefined]);
    expect(all.letters[0]).toEqual({
      letter: places[0],
      time: new Date(noon + 120_000).toISOString(),
      operation: "sum",
      code,
      correlationId: id.text,
      reason: "It broke.",
      attempts: 2,
      origin: "requests/0/7",
    });
    expect(placesOf(await list(`code=${code}&operation=echo`))).toEqual([other]);
    const iso = (time: number): string => encodeURIComponent(new Date(time).toISOString());
    expect(placesOf(await list(`code=${code}&since=${iso(noon + 60_000)}`))).toEqual(places.slice(0, 2));
    expect(placesOf(await list(`code=${code}&until=${iso(noon + 60_000)}`))).toEqual([places[2], other]);

    const first = await list(`code=${code}&limit=3`);
    expect([first.count, placesOf(first)]).toEqual([4, places]);
    const second = await list(`code=${code}&limit=3&cursor=${encodeURIComponent(first.next ?? "")}`);
    expect([placesOf(second), second.next]).toEqual([[other], undefined]);
  });

  test("are shown whole: headers, key and payload", async () => {
    const { id, letter } = await failedRequest();
    const shown = await (await call(`/dead-letters/${letter}`)).json<Record<string, unknown>>();
    expect(shown).toMatchObject({ letter, correlationId: id.text, key: "", payload: '{"a":2,"b":3}' });
    expect(shown["headers"]).toContainEqual({ key: "ce_type", value: "sum" });
    expect(await codeOf(await call("/dead-letters/requests-dlt/0/123456789"))).toEqual([404, "UNKNOWN_DEAD_LETTER"]);
    expect(await codeOf(await call("/dead-letters/requests/0/0"))).toEqual([404, "UNKNOWN_DEAD_LETTER"]);
  });

  test.each([
    "limit=0",
    "limit=101",
    "since=yesterday",
    "until=2026-01-01",
    "all=maybe",
    "cursor=1/requests/0/0",
    "until=",
    "limit=",
    "all=",
    "cursor=",
  ])("asked for by %s are refused: 400", async (query) => {
    expect(await codeOf(await call(`/dead-letters?${query}`))).toEqual([400, "INVALID_QUERY"]);
  });

  test("can be asked for from any time on, also from before there were any", async () => {
    expect((await call("/dead-letters?since=0879-02-02T03:04:19Z&limit=1")).status).toBe(200);
  });
});

describe("a redrive of dead letters", () => {
  test("sends the same request again before its deadline, and settles the letter", async () => {
    const { id, code, letter } = await failedRequest();
    const response = await actOn("redrive", [letter]);
    expect([response.status, await response.json()]).toEqual([200, { results: [{ letter, action: "redriven", correlationId: id.text }] }]);
    expect(await statusOf(id.text)).toMatchObject({ state: "accepted" });
    expect((await headersOfCorrelationId(id.text)).get("ce_type")).toBe("sum");
    expect(await list(`code=${code}`)).toMatchObject({ count: 0, letters: [] });
    const [settled] = (await list(`code=${code}&all=true`)).letters;
    expect(settled?.settlement).toMatchObject({ action: "redriven", correlationId: id.text });
    expect(await (await actOn("redrive", [letter])).json()).toEqual({ results: [{ letter, action: "missing" }] });
  });

  test("sends a new one after its deadline, which the old status names", async () => {
    const { id, letter } = await failedRequest({ agoMs: 40_000 });
    const { results } = await (await actOn("redrive", [letter])).json<{ results: { correlationId: string }[] }>();
    const next = results[0]?.correlationId ?? "";
    expect(next).not.toBe(id.text);
    expect(await statusOf(id.text)).toMatchObject({ state: "failed", redrivenAs: next });
    expect(await statusOf(next)).toMatchObject({ state: "accepted" });
  });

  test("by two at once sends it once, and both learn as what", async () => {
    const { letter } = await failedRequest({ agoMs: 40_000 });
    const bodies = await Promise.all(
      [1, 2].map(async () => (await actOn("redrive", [letter])).json<{ results: { action: string; correlationId?: string }[] }>()),
    );
    const ids = bodies.flatMap(({ results }) => results).flatMap(({ correlationId }) => correlationId ?? []);
    expect(new Set(ids).size).toBe(1);
  });

  test("of several says of each what became of it, and goes on after one that cannot be sent", async () => {
    const { id, letter } = await failedRequest();
    const poison = await putLetter({ value: "poison", headers: [] });
    const pending = await putLetter(requestOf(await createId()));
    const missing = "requests-dlt/0/123456789";
    const { results } = await (await actOn("redrive", [poison, pending, missing, letter])).json<{ results: object[] }>();
    expect(results).toEqual([
      { letter: poison, action: "refused", obstacle: expect.stringContaining("It is no request that can be read") as string },
      { letter: pending, action: "refused", problem: expect.objectContaining({ code: "NOT_ENDED" }) as object },
      { letter: missing, action: "missing" },
      { letter, action: "redriven", correlationId: id.text },
    ]);
  });
});

test("dropped letters are settled, and nothing is sent", async () => {
  const { id, code, letter } = await failedRequest();
  expect(await (await actOn("drop", [letter])).json()).toEqual({ results: [{ letter, action: "dropped" }] });
  expect((await list(`code=${code}`)).count).toBe(0);
  expect(await statusOf(id.text)).toMatchObject({ state: "failed" });
});

describe("what acts on dead letters is refused", () => {
  test.each([
    ["to a page of another site", { "sec-fetch-site": "cross-site" }],
    ["to a page of another host of this site", { "sec-fetch-site": "same-site" }],
    ["to a page of another origin, in a browser that says no more", { origin: "https://evil.example" }],
  ])("%s: 403", async (_, headers) => {
    const { code, letter } = await failedRequest();
    expect(await codeOf(await actOn("drop", [letter], headers))).toEqual([403, "CROSS_ORIGIN"]);
    expect((await list(`code=${code}`)).count).toBe(1);
  });

  test("without the type of JSON, which a form cannot send: 415", async () => {
    const init = { method: "POST", headers: { "content-type": "text/plain" }, body: '{"letters":["requests-dlt/0/0"]}' };
    expect(await codeOf(await call("/dead-letters/redrive", init))).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  test.each([
    ["none", []],
    ["no list", "requests-dlt/0/0"],
    ["something that is no place", ["requests/0/0"]],
    ["too many", Array.from({ length: 21 }, (_, offset) => `requests-dlt/0/${offset}`)],
  ])("that names %s: 400", async (_, letters) => {
    expect(await codeOf(await actOn("drop", letters))).toEqual([400, "INVALID_REDRIVE"]);
  });

  test("to pages of other origins even where the API is open to them: it has no CORS", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "POST" };
    const preflight = await call("/dead-letters/drop", { method: "OPTIONS", headers });
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  });
});

test("dead letters are shown only where the console is, and only where they can be read", async () => {
  expect((await host.callOther({ variables: { CONSOLE: "off" } }, "/dead-letters")).status).toBe(404);
  const variables = { KAFKA_REST_KIND: "strimzi", KAFKA_REST_URL: "http://127.0.0.1:1" };
  expect(await codeOf(await host.callOther({ variables }, "/dead-letters"))).toEqual([501, "NOT_SUPPORTED"]);
});

test("a proxy that is away, or that refuses to be read, is named", async () => {
  const away = await host.callOther({ variables: { UPSTASH_KAFKA_REST_URL: String(host.variables["CLOSED_PORT_URL"]) } }, "/dead-letters");
  expect(await codeOf(away)).toEqual([503, "PRODUCE_UNAVAILABLE"]);
  const refused = await host.callOther({ variables: { UPSTASH_KAFKA_REST_PASSWORD: "wrong" } }, "/dead-letters");
  expect(await codeOf(refused)).toEqual([502, "PRODUCE_REJECTED"]);
});
