import fc from "fast-check";
import { expect, test } from "vitest";
import { createReplyEvent } from "../../protocol/reply-event.ts";
import { signedPost } from "./support/redrives.ts";
import { deliver, replyTo } from "./support/replies.ts";
import { call, createId } from "./support/worker.ts";

/** What a caller may write where JSON has a value: of every type, at and beyond every bound. */
const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, "", "sum", "__proto__", "constructor", "\ud800", "\u0000", 0, -1, 0.5, 2 ** 53, 1e308, [], {}, [
    null,
  ]),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.jsonValue({ maxDepth: 3 }),
);
const object = fc.dictionary(
  fc.oneof(fc.constantFrom("a", "b", "account", "lines", "from", "everyMs", "failures", "__proto__"), fc.string({ maxLength: 5 })),
  value,
  { maxKeys: 5 },
);
const json = fc.oneof(
  fc.oneof(object, fc.array(object, { maxLength: 4 }), value).map((body) => JSON.stringify(body)),
  fc.integer({ min: 1, max: 5_000 }).map((levels) => "[".repeat(levels) + "]".repeat(levels)),
  fc.integer({ min: 1, max: 3_000 }).map((count) => JSON.stringify({ account: "a", lines: Array.from({ length: count }, () => 0) })),
  fc
    .integer({ min: 1, max: 3_000 })
    .map((count) => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n])))),
);
const cutOrChanged = fc.tuple(json, fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, put]) => {
  const place = at % (text.length + 1);
  return text.slice(0, place) + put + text.slice(place + put.length);
});
const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => new Uint8Array(array));
const body = fc.oneof(json, cutOrChanged, bytes, fc.constant(undefined));

/** What a field of a header may hold: nearly right, or anything that HTTP lets through. */
const field = (...nearly: string[]) =>
  fc.oneof(
    fc.constantFrom("", "*", ",", '"', "\\", "=;=,", "a".repeat(5_000), ...nearly),
    fc.string({ unit: "grapheme-ascii", maxLength: 30 }).map((text) => text.trim()),
    fc.tuple(fc.constantFrom(...nearly), fc.string({ unit: "grapheme-ascii", maxLength: 3 })).map(([text, put]) => (text + put).trim()),
  );
const fields = {
  "content-type": fc.oneof(
    { weight: 4, arbitrary: fc.constant("application/json") },
    field("text/plain", "application/cloudevents-batch+json"),
  ),
  // Nobody waits: a wait is no answer, and no consumer is there to give one.
  prefer: field("wait=0", "wait=x", "respond-async", 'wait="0", wait=-1', "handling=lenient; a").filter(
    (text) => !/wait\W*0*[1-9]/i.test(text),
  ),
  "if-none-match": field('"1"', 'W/"1"', "1", '"1", "2"', '"-1"', '"1e9"'),
  "last-event-id": field("1", "1.5", "-1", "99999999999999999999", "1.x"),
  "idempotency-key": field('"k"', "k", '"k";a=1', ":aGk=:", '"\\"'),
  authorization: field("Bearer", "Bearer x", "Bearer rj_test_a_b", "Bearer a.b.c", "Basic eDp5", "Digest x"),
  accept: field("text/html", "application/problem+json", "*/*;q=x"),
  traceparent: field("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0-0-0", "ff-"),
  origin: field("https://app.example", "null", "evil"),
  "webhook-id": field("a"),
  "webhook-timestamp": field("0", "1764288000", "x"),
  "webhook-signature": field("v1,", "v1,AAAA", "v1a,x v1,*"),
};
/** A few of them: with all at once, one hides what the others do. */
const headers = fc
  .subarray(Object.keys(fields) as (keyof typeof fields)[], { maxLength: 3 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, fields[name]])) as Record<string, fc.Arbitrary<string>>));

const segment = fc.oneof(
  fc.constantFrom("sum", "echo", "report", "nope", "__proto__", "%", "%FF", "%00", "%2F", "..", "0", "-1", "65536", "x".repeat(63)),
  fc.string({ unit: "grapheme-ascii", maxLength: 8 }).map(encodeURIComponent),
);
const path = fc
  .tuple(
    fc.constantFrom("requests", "status", "replies", "redrives", "link", "contract", "consumers", "views", "health", ""),
    fc.oneof({ weight: 5, arbitrary: fc.array(segment, { minLength: 1, maxLength: 1 }) }, fc.array(segment, { maxLength: 3 })),
    fc.constantFrom("", "?", "?chunks-from=-1", "?chunks-from=x&chunks-from=1", "?%FF", "?a=%"),
  )
  .map(([route, segments, query]) => `/${[route, ...segments].join("/")}${query}`);

/** More than any answer to what is wrong has. */
const MAX_ANSWER_LENGTH = 32 * 1_024;

/** A response that says what was wrong, shortly, or that nothing was; never that something went wrong here. */
const expectAnswer = async (response: Response): Promise<number> => {
  const text = await response.text();
  expect(text.length).toBeLessThan(MAX_ANSWER_LENGTH);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  if (response.status < 400) return response.status;
  expect(response.status, text).toBeLessThan(500);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  if (text !== "")
    expect(JSON.parse(text)).toMatchObject({
      status: response.status,
      code: expect.stringMatching(/^[A-Z_]+$/),
      title: expect.any(String),
    });
  return response.status;
};

const PATIENTLY = 60_000;

test("whatever is asked for, the answer says what is wrong with it", { timeout: PATIENTLY }, async () => {
  const request = fc.record({ method: fc.constantFrom("GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"), path, headers, body });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path: at, headers: said, body: sent }) => {
      const init = method === "GET" || method === "HEAD" || sent === undefined ? {} : { body: sent };
      await expectAnswer(await call(at, { method, headers: said, redirect: "manual", ...init }));
    }),
    { numRuns: 1_200 },
  );
});

test("whatever a request says, it is taken or refused", { timeout: PATIENTLY }, async () => {
  const operation = fc.constantFrom("sum", "echo", "echo", "echo", "report", "countdown", "flaky");
  let [taken, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(operation, headers, body, async (name, said, sent = "") => {
      const status = await expectAnswer(
        await call(`/requests/${name}`, { method: "POST", headers: { "content-type": "application/json", ...said }, body: sent }),
      );
      if (status === 202) taken += 1;
      else refused += 1;
    }),
    { numRuns: 1_000 },
  );
  expect(Math.min(taken, refused)).toBeGreaterThan(20);
});

test("whatever a batch says, each of its requests is taken or refused, or the batch is", { timeout: PATIENTLY }, async () => {
  const member = fc.constantFrom("operation", "data", "idempotencyKey", "__proto__");
  const item = fc.oneof(
    fc
      .tuple(fc.constantFrom("sum", "echo", "report", "nope"), json)
      .map(([operation, data]) => `{"operation":"${operation}","data":${data}}`),
    fc.array(fc.tuple(member, json), { maxLength: 3 }).map((all) => `{${all.map(([name, text]) => `"${name}":${text}`).join(",")}}`),
    json,
  );
  const batch = fc.oneof(
    { weight: 4, arbitrary: fc.array(item, { maxLength: 4 }).map((items) => `{"requests":[${items.join(",")}]}`) },
    cutOrChanged,
    json.map((text) => `{"requests":${text}}`),
  );
  let [read, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(batch, headers, async (sent, said) => {
      const init = { method: "POST", headers: { "content-type": "application/json", ...said }, body: sent };
      const response = await call("/requests:batch", init);
      const answer = response.clone();
      if ((await expectAnswer(response)) !== 200) return void (refused += 1);
      read += 1;
      const { results } = await answer.json<{ results: { status: number }[] }>();
      for (const { status } of results) expect(status === 202 || (status >= 400 && status < 500)).toBe(true);
    }),
    { numRuns: 600 },
  );
  expect(Math.min(read, refused)).toBeGreaterThan(20);
});

test("whatever is asked about a status, and whoever has made its ID, the answer is one", { timeout: PATIENTLY }, async () => {
  const { text } = await createId();
  const id = fc.oneof(
    fc.constant(text),
    fc.tuple(fc.nat(62), fc.constantFrom("A", "_", "-", "z", "%41", "=")).map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
    fc.base64String({ minLength: 60, maxLength: 66 }).map((random) => random.replaceAll("/", "_").replaceAll("+", "-")),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("GET", "HEAD", "DELETE"), id, headers, async (method, correlationId, said) => {
      await expectAnswer(await call(`/status/${correlationId}`, { method, headers: said }));
    }),
    { numRuns: 800 },
  );
});

test("whatever is signed as replies, it is stored or refused", { timeout: PATIENTLY }, async () => {
  const { text } = await createId();
  const members = [
    "specversion",
    "id",
    "source",
    "type",
    "time",
    "correlationid",
    "data",
    "state",
    "httpstatus",
    "attempt",
    "datacontenttype",
  ];
  const changed = fc
    .dictionary(fc.constantFrom(...members, "__proto__"), value, { maxKeys: 2 })
    .map((changes) => ({ ...createReplyEvent(replyTo(text)), ...changes }));
  const batch = fc.oneof(
    fc.array(changed, { maxLength: 3 }).map((events) => JSON.stringify(events)),
    json,
    cutOrChanged,
  );
  await fc.assert(
    fc.asyncProperty(batch, async (sent) => void (await expectAnswer(await deliver([], { body: sent })))),
    { numRuns: 600 },
  );
});

test("whatever is signed to be sent again, it is taken or refused", { timeout: PATIENTLY }, async () => {
  const { text } = await createId();
  const redrive = fc
    .dictionary(fc.constantFrom("correlationId", "operation", "data", "traceparent", "__proto__"), value, { maxKeys: 3 })
    .map((changes) => ({ correlationId: text, operation: "sum", data: { a: 1, b: 2 }, ...changes }));
  await fc.assert(
    fc.asyncProperty(redrive, async (sent) => void (await expectAnswer(await call("/redrives", await signedPost(sent))))),
    { numRuns: 400 },
  );
});
