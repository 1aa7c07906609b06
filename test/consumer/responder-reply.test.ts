import { expect, test } from "vitest";
import { readResponderReply } from "../../consumer/responder-reply.ts";
import { newCorrelationId } from "./requests.ts";

const correlationId = newCorrelationId();
const bytes = (text: string) => Buffer.from(text);

/** A reply as a responder would have sent it, in bytes. */
const reply = (value: string | Uint8Array | null, headers: Record<string, string | Uint8Array | null> = {}) => ({
  value: typeof value === "string" ? bytes(value) : value,
  headers: Object.entries({ kafka_correlationId: correlationId, ...headers }).map(([key, content]) => ({
    key,
    value: typeof content === "string" ? bytes(content) : content,
  })),
});

test.each([
  ["a UUID in bytes, as Spring numbers its own requests", Buffer.from("6debcbe3108a47e8a52c79cd0df5dc14", "hex")],
  ["the text of a UUID", "6debcbe3-108a-47e8-a52c-79cd0df5dc14"],
  ["no bytes", null],
  ["a correlation ID that is cut off", correlationId.slice(1)],
])("a reply that is numbered by %s answers no request of ours", (_, id) => {
  expect(readResponderReply(reply("{}", { kafka_correlationId: id }))).toBeUndefined();
});

test("a record without headers answers no request of ours", () => {
  expect(readResponderReply({ value: "{}", headers: [] })).toBeUndefined();
});

test("a reply is read alike from bytes and from text, and the last of repeated headers counts", () => {
  const expected = { correlationId, kind: "replied", data: { sum: 5 } };
  expect(readResponderReply(reply('{"sum":5}', { __TypeId__: "bench.SumReply" }))).toEqual(expected);
  const header = (value: string) => ({ key: "kafka_correlationId", value });
  expect(readResponderReply({ value: '{"sum":5}', headers: [header("first"), header(correlationId)] })).toEqual(expected);
});

test("a reply without a value is null", () => {
  expect(readResponderReply(reply(null))).toMatchObject({ kind: "replied", data: null });
  expect(readResponderReply(reply(""))).toMatchObject({ kind: "replied", data: null });
});

test.each([
  ["text", "hello"],
  ["half a document", '{"sum":'],
  ["bytes that are not UTF-8", Uint8Array.of(0xff, 0xfe)],
])("a reply of %s cannot be read, and says whose it is", (_, value) => {
  expect(readResponderReply(reply(value))).toEqual({
    correlationId,
    kind: "unreadable",
    reason: "Expected the responder's reply to be JSON.",
  });
});

test.each([
  ["as text", "no such product", "no such product"],
  ["as an object with a message", '{"status":"error","message":"no such product"}', "no such product"],
  ["as another object", '{"why":"no such product"}', '{"why":"no such product"}'],
])("a Nest responder's error %s reaches the caller", (_, error, detail) => {
  expect(readResponderReply(reply(null, { "kafka_nest-err": error }))).toMatchObject({
    correlationId,
    kind: "failed",
    problem: { code: "RESPONDER_FAILED", status: 502, detail },
  });
});

test("a Nest responder's error that is a problem reaches the caller as it is", () => {
  const problem = { type: "about:blank", title: "Not Found", status: 404, code: "NO_SUCH_PRODUCT" };
  expect(readResponderReply(reply(null, { "kafka_nest-err": JSON.stringify(problem) }))).toMatchObject({ kind: "failed", problem });
});

test("problem details in a header reach the caller as they are, or cannot be read", () => {
  const problem = { type: "about:blank", title: "Not Found", status: 404, code: "NO_SUCH_PRODUCT" };
  const read = (header: string) => readResponderReply(reply(null, { "rejoinder-problem": header, "kafka_nest-err": "another word" }));
  expect(read(JSON.stringify(problem))).toMatchObject({ kind: "failed", problem });
  expect(read('{"status":404}')).toMatchObject({ kind: "unreadable", reason: expect.stringContaining("rejoinder-problem") });
});

test("a Spring responder's dead letter says that it failed, and only the log why", () => {
  const read = readResponderReply(
    reply('{"a":1,"b":2}', {
      "kafka_dlt-exception-fqcn": "org.springframework.kafka.listener.ListenerExecutionFailedException",
      "kafka_dlt-exception-cause-fqcn": "java.sql.SQLException",
      "kafka_dlt-exception-message": "password wrong",
      "kafka_dlt-exception-stacktrace": "at …",
    }),
  );
  expect(read).toMatchObject({ kind: "failed", problem: { code: "RESPONDER_FAILED" }, reason: expect.stringContaining("SQLException") });
  expect(read).toMatchObject({ reason: expect.stringMatching(/: password wrong$/) });
  expect(JSON.stringify(read?.kind === "failed" && read.problem)).not.toContain("password");
});
