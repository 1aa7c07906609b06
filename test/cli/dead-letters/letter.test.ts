import { expect, test } from "vitest";
import { readLetter } from "../../../worker/dead-letters/letter.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { createSpringHeaders } from "../../../protocol/spring-headers.ts";
import { newRequest, toWire } from "../../consumer/requests.ts";
import { asLetter, deadRequest } from "./letters.ts";

const recordOf = ({ key, value, headers = [] }: ReturnType<typeof asLetter>): ConsumerRecord => ({
  topic: "requests-dlt",
  partition: 0,
  offset: 3,
  timestamp: 0,
  key: key ?? null,
  value,
  headers,
});

test("a request that could not be handled tells all that is needed to send it again", () => {
  const request = newRequest({ traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` });
  expect(readLetter(recordOf(deadRequest(request, { attempts: 5 })))).toMatchObject({
    request,
    obstacle: undefined,
    operation: "sum",
    correlationId: request.correlationId,
    code: "HANDLER_FAILED",
    reason: "It broke.",
    attempts: 5,
    origin: "requests/2/17",
  });
});

test("a record that cannot be read cannot be sent again, and what can be read of it is told", () => {
  const { value, headers = [] } = toWire(newRequest());
  const letter = readLetter(
    recordOf(asLetter({ value, headers: headers.filter(({ key }) => key !== "ce_id") }, { code: "INVALID_RECORD" })),
  );
  expect(letter).toMatchObject({
    request: undefined,
    operation: "sum",
    correlationId: expect.stringMatching(/^.{63}$/),
    code: "INVALID_RECORD",
  });
  expect(letter.obstacle).toMatch(/^It is no request that can be read: Expected attribute id /);
  expect(readLetter(recordOf(asLetter({ value: "poison" })))).toMatchObject({ request: undefined, operation: undefined });
});

test("a request of Spring or Nest cannot be sent again, since nobody waits for its reply", () => {
  const headers = createSpringHeaders("id", "replies");
  expect(readLetter(recordOf(asLetter({ value: '{"a":1}', headers }))).obstacle).toMatch(/^It is a request of Spring or Nest/);
});

test("the dead letter of a listener in Spring has the class of its exception, and numbers as bytes", () => {
  const request = newRequest();
  const { value, headers = [] } = toWire(request);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(17n);
  const letter = readLetter({
    ...recordOf({ value, headers }),
    headers: [
      ...headers,
      ...createSpringHeaders(request.correlationId, "sum.replies"),
      { key: "kafka_dlt-original-topic", value: Buffer.from("sum.requests") },
      { key: "kafka_dlt-original-partition", value: Buffer.from([0, 0, 0, 2]) },
      { key: "kafka_dlt-original-offset", value: bytes },
      { key: "kafka_dlt-exception-fqcn", value: Buffer.from("java.lang.IllegalStateException") },
      { key: "kafka_dlt-exception-message", value: Buffer.from("closed") },
    ],
  });
  expect(letter).toMatchObject({
    request: { correlationId: request.correlationId, data: request.data },
    code: "java.lang.IllegalStateException",
    reason: "closed",
    origin: "sum.requests/2/17",
  });
});
