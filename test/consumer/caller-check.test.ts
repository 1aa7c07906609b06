import { expect, test } from "vitest";
import { createCallerCheck } from "../../consumer/caller-check.ts";
import { readRecord } from "../../consumer/reading.ts";
import { encodeEvent, type ProducerRecord, toStructured, withAttribute } from "../../protocol/kafka-record.ts";
import { createRequestEvent, type RequestEvent } from "../../protocol/request-event.ts";
import { createCallerSeal } from "../../worker/identity/caller-seal.ts";
import type { Principal } from "../../worker/identity/principal.ts";
import { newCorrelationId, newRequest } from "./requests.ts";

const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(32).fill(2);
const ADA: Principal = {
  subject: "ada",
  authtype: "user",
  scopes: ["requests:sum"],
  plan: "pro",
  claims: { tenant: "acme" },
  owner: "0",
};

const recordOf = (request: RequestEvent): ProducerRecord => ({ topic: "requests", ...encodeEvent(createRequestEvent(request)) });

/** The record of a request, as a Worker produces it for a caller. */
const sealed = (request: RequestEvent, secrets = [NEW], caller = ADA) =>
  createCallerSeal({ secrets }).seal(recordOf(request), request, caller);

const read = (record: Pick<ProducerRecord, "value" | "headers">, secrets = [NEW]) =>
  createCallerCheck({ read: readRecord, secrets })({ topic: "requests", partition: 0, offset: 0, timestamp: 0, key: null, ...record });

test("a handler learns who sent a request, in either mode", async () => {
  const record = await sealed(newRequest({ data: { a: 1e20, b: [null, "ü", -0] } }));
  const caller = { subject: "ada", scopes: ["requests:sum"], plan: "pro", claims: { tenant: "acme" } };
  for (const either of [record, toStructured(record)]) expect(read(either)).toMatchObject({ kind: "request", request: { caller } });
});

test("a request of anybody has no caller", () => {
  const reading = read(recordOf(newRequest({ authtype: "unauthenticated" })));
  expect(reading).toMatchObject({ kind: "request" });
  expect(reading).not.toHaveProperty("request.caller");
});

const FORGERIES: [what: string, forge: (record: ProducerRecord) => ProducerRecord | Promise<ProducerRecord>][] = [
  ["without a signature", ({ headers, ...rest }) => ({ ...rest, headers: headers.filter(({ key }) => key !== "ce_authsignature") })],
  ["with a signature that is none", (record) => withAttribute(record, "authsignature", "AAAA none")],
  ["under another secret", () => sealed(newRequest(), [OLD])],
  ["with another subject", (record) => withAttribute(record, "authid", "eve")],
  ["with another type of caller", (record) => withAttribute(record, "authtype", "service_account")],
  ["with more scopes", (record) => withAttribute(record, "authclaims", '{"scopes":["requests:*"]}')],
  ["under the correlation ID of another", (record) => withAttribute(record, "correlationid", newCorrelationId())],
  ["for another operation", (record) => withAttribute(record, "type", "echo")],
  ["with other data", (record) => ({ ...record, value: '{"a":2,"b":4}' })],
  [
    "that names only what the caller may do",
    (record) => withAttribute(recordOf(newRequest()), "authclaims", String(record.headers.length)),
  ],
];

test.each(FORGERIES)("a record %s is refused to its caller, and reaches no handler", async (_, forge) => {
  const reading = read(await forge(await sealed(newRequest())));
  expect(reading).toMatchObject({ kind: "refused", to: { correlationId: expect.any(String) }, error: { code: "INVALID_RECORD" } });
});

test("while the secret is rotated, a consumer with either one knows callers", async () => {
  const record = await sealed(newRequest(), [NEW, OLD]);
  for (const secrets of [[NEW], [OLD], [NEW, OLD]])
    expect(read(record, secrets)).toMatchObject({ request: { caller: { subject: "ada" } } });
  const before = await sealed(newRequest(), [OLD]);
  expect(read(before, [NEW, OLD])).toMatchObject({ request: { caller: { subject: "ada" } } });
});

test("a request that is sent again keeps whoever sent it first, unless somebody made that up", async () => {
  const first = newRequest();
  const again = newRequest({ data: first.data });
  const reading = readRecord(await sealed(first));
  if (reading.kind !== "request") throw new Error("Expected a request.");
  const { carry } = createCallerSeal({ secrets: [NEW] });
  const carried = await carry(recordOf(again), again, reading.request);
  expect(carried && read(carried)).toMatchObject({
    request: { correlationId: again.correlationId, caller: { subject: "ada", plan: "pro" } },
  });
  expect(await carry(recordOf(again), again, { ...reading.request, authid: "eve" })).toBeUndefined();
  expect(await carry(recordOf(again), again, { ...first, authid: "eve" })).toBeUndefined();
  expect(await carry(recordOf(again), again, first)).toEqual(recordOf(again));
});
