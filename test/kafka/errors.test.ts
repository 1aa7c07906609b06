import { MultipleErrors, NetworkError, protocolErrors, ResponseError, TimeoutError, UnsupportedApiError } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import { ProduceError } from "../../kafka/produce-error.ts";
import { codeOfProtocolError, PROTOCOL_ERRORS } from "../../kafka/protocol-errors.ts";

const writing = { mayHaveBeenStored: true };

test("every error of the protocol that is told apart is one of the protocol, and told apart once", () => {
  const names = Object.values(PROTOCOL_ERRORS).flat();
  expect(names.filter((name) => !Object.hasOwn(protocolErrors, name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

test.each([
  ["a lost connection", new NetworkError("Connection closed")],
  ["silence", new TimeoutError("Request timed out", { canRetry: true })],
  ["a connection reset", new NetworkError("x", { cause: Object.assign(new Error("x"), { code: "ECONNRESET", syscall: "read" }) })],
  ["what nobody foresaw", new TypeError("x is not a function")],
])("%s while records are on their way leaves it open whether they were stored", (_, error) => {
  expect(kafkaErrorOf(error, writing)).toMatchObject({ code: "unknown", retryable: false, cause: error });
});

test.each([
  ["a lost connection", new NetworkError("Connection closed"), "unavailable"],
  ["silence", new TimeoutError("Request timed out", { canRetry: true }), "unavailable"],
  ["what nobody foresaw", new TypeError("x is not a function"), "unexpected"],
  ["a broker that is too old", new UnsupportedApiError("Unsupported API Metadata."), "misconfigured"],
  ["something that is not even an error", undefined, "unexpected"],
])("%s while nothing was to be stored is what it is", (_, error, code) => {
  expect(kafkaErrorOf(error)).toMatchObject({ code });
});

test("what brokers answer keeps its name and what they say of it", () => {
  const answer = new ResponseError(0, 11, { "/x": [44, "Topics have three replicas here."] }, {});
  expect(kafkaErrorOf(answer)).toMatchObject({
    code: "rejected",
    protocolError: "POLICY_VIOLATION",
    message: "Kafka refused it: POLICY_VIOLATION, Topics have three replicas here.",
  });
});

test("of several failures the gravest is told: first that something may be stored, last what passes by itself", () => {
  const refused = new NetworkError("x", { cause: Object.assign(new Error("x"), { code: "ECONNREFUSED", syscall: "connect" }) });
  const forbidden = new ResponseError(0, 11, { "/x": [29, null] }, {});
  expect(kafkaErrorOf(new MultipleErrors("x", [refused, forbidden]))).toMatchObject({ code: "unauthorized" });
  expect(kafkaErrorOf(new MultipleErrors("x", [forbidden, new NetworkError("Connection closed")]), writing)).toMatchObject({
    code: "unknown",
  });
});

test.each(["NOT_ENOUGH_REPLICAS_AFTER_APPEND", "REQUEST_TIMED_OUT", "KAFKA_STORAGE_ERROR"])("after %s a record may be stored", (name) => {
  expect(codeOfProtocolError(name, true)).toBe("unknown");
  expect(codeOfProtocolError(name, false)).toBe("unavailable");
});

test("a call of which a part was stored is not to be made again", () => {
  const unavailable = new KafkaError("unavailable");
  expect(new ProduceError([unavailable, unavailable]).retryable).toBe(true);
  expect(new ProduceError([unavailable, { topic: "t", partition: 0, offset: 0, timestamp: 0 }]).retryable).toBe(false);
  expect(new ProduceError([unavailable, new KafkaError("unknown")])).toMatchObject({ code: "unknown", retryable: false });
});
