import { expect, test } from "vitest";
import { correlationText, isBinaryCorrelation, readReturnAddress } from "../../consumer/return-address.ts";

/** What a Spring Boot application put on the wire. */
const SPRING_CORRELATION = Buffer.from("6debcbe3108a47e8a52c79cd0df5dc14", "hex");
const ALLOWED = new Set(["sum.replies"]);

const address = (headers: Readonly<Record<string, Buffer | null>>, key: Buffer | null = null) =>
  readReturnAddress({ key, headers: Object.entries(headers).map(([name, value]) => ({ key: name, value })) }, ALLOWED);

const spring = { kafka_correlationId: SPRING_CORRELATION, kafka_replyTopic: Buffer.from("sum.replies") };

test("reads what Spring sends: a UUID in 16 bytes, and a partition in four", () => {
  expect(address(spring)).toEqual({ topic: "sum.replies", partition: undefined, correlation: SPRING_CORRELATION, key: null });
  expect(address({ ...spring, kafka_replyPartition: Buffer.from("AAAAAw==", "base64") })).toMatchObject({ partition: 3 });
  expect(isBinaryCorrelation(SPRING_CORRELATION)).toBe(true);
  expect(correlationText(SPRING_CORRELATION)).toBe("6debcbe3-108a-47e8-a52c-79cd0df5dc14");
});

test.each(["6debcbe3-108a-47e8-a52c-79cd0df5dc14", "sixteencharacter", "b7a4f"])(
  "reads what Nest sends, and Spring without binary correlation: %s as text, and a partition in digits",
  (text) => {
    const nest = { ...spring, kafka_correlationId: Buffer.from(text) };
    expect(address({ ...nest, kafka_replyPartition: Buffer.from("3") })).toMatchObject({ partition: 3 });
    expect(address({ ...nest, kafka_replyPartition: Buffer.from("1024") })).toMatchObject({ partition: 1024 });
    expect(isBinaryCorrelation(Buffer.from(text))).toBe(false);
    expect(correlationText(Buffer.from(text))).toBe(text);
  },
);

test("keeps the request's key, and the last of two headers of one name", () => {
  expect(address(spring, Buffer.from("k"))).toMatchObject({ key: Buffer.from("k") });
  const headers = [
    { key: "kafka_correlationId", value: Buffer.from("first") },
    { key: "kafka_correlationId", value: Buffer.from("last") },
    { key: "kafka_replyTopic", value: Buffer.from("sum.replies") },
  ];
  expect(readReturnAddress({ key: null, headers }, ALLOWED)).toMatchObject({ correlation: Buffer.from("last") });
});

test.each([
  ["kafka_correlationId", Buffer.alloc(0)],
  ["kafka_correlationId", null],
  ["kafka_replyTopic", null],
  ["kafka_replyTopic", Buffer.from("payments")],
  ["kafka_replyPartition", Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ["kafka_replyPartition", Buffer.from([0, 0, 3])],
  ["kafka_replyPartition", Buffer.from("9999999999")],
])("says what is wrong with %s", (name, value) => {
  expect(() => address({ ...spring, [name]: value })).toThrow(`Expected header ${name} to be `);
});
