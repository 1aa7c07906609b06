import { CloudEvent as OracleEvent, HTTP, Kafka, type KafkaMessage } from "cloudevents";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../../protocol/cloudevent.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { type ConsumerRecord, decodeEvent, encodeEvent, type ProducerRecord, toStructured } from "../../protocol/kafka-record.ts";

type Parts = Pick<ProducerRecord, "value" | "headers">;

const anyText = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const anyName = fc.stringMatching(/^x[a-z0-9]{1,19}$/);
const anyEvent: fc.Arbitrary<CloudEvent> = fc
  .record({
    id: anyText,
    source: fc.webUrl(),
    type: anyText,
    subject: anyText,
    extensions: fc.dictionary(anyName, anyText, { maxKeys: 4 }),
    data: fc.jsonValue(),
  })
  .map(({ extensions, data, ...attributes }) => ({
    specversion: "1.0",
    ...attributes,
    time: "2026-01-02T03:04:05.000Z",
    datacontenttype: "application/json",
    ...extensions,
    // JSON has no -0.
    data: JSON.parse(JSON.stringify(data)) as unknown,
  }));

const asKafkaMessage = ({ value, headers }: Parts): KafkaMessage => ({
  value,
  headers: Object.fromEntries(headers.map(({ key, value }) => [key, value])),
  key: "",
  body: value,
  timestamp: "",
});

describe("an event as a Kafka record", () => {
  test.each(["binary", "structured"] as const)("is read back as it was written, in %s mode", (mode) => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(decodeEvent(encodeEvent(event, mode))).toEqual(event);
      }),
    );
  });

  test("says the same in structured mode, with its JSON as it was", () => {
    fc.assert(
      fc.property(anyEvent, fc.constantFrom(undefined, 2), (event, space) => {
        const binary = { topic: "t", ...encodeEvent(event), value: JSON.stringify(event.data, null, space) };
        const structured = toStructured(binary);
        expect(decodeEvent(structured)).toEqual(event);
        expect(structured.value.endsWith(`,"data":${binary.value}}`)).toBe(true);
        expect(decodeEvent(toStructured(structured))).toEqual(event);
      }),
    );
  });

  test.each(["binary", "structured"] as const)("in %s mode is read by the CloudEvents SDK as we mean it", (mode) => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const read = Kafka.toEvent(asKafkaMessage(encodeEvent(event, mode))) as OracleEvent<unknown>;
        const { data, ...attributes } = JSON.parse(JSON.stringify(read.toJSON())) as Record<string, unknown>;
        const { data: sent, ...sentAttributes } = event;
        // The SDK lets a falsy value fall through, and puts the content type of the transport in.
        expect(attributes).toMatchObject({ ...sentAttributes, datacontenttype: expect.stringContaining("json") });
        if (sent !== null && typeof sent === "object") expect(data).toEqual(sent);
      }),
      { numRuns: 50 },
    );
  });

  test("written by the CloudEvents SDK is read as it means it", () => {
    fc.assert(
      fc.property(anyEvent, fc.dictionary(fc.constantFrom("a", "b"), fc.integer(), { minKeys: 1 }), (event, data) => {
        const oracle = new OracleEvent({ ...event, data });
        const binary = Kafka.binary(oracle) as KafkaMessage;
        const headers = Object.entries(binary.headers).flatMap(([key, value]) =>
          value === undefined ? [] : [{ key, value: String(value) }],
        );
        expect(decodeEvent({ headers, value: JSON.stringify(binary.value) })).toMatchObject({ id: event.id, type: event.type, data });
        const structured = HTTP.structured(oracle);
        const contentType = { key: "content-type", value: String(structured.headers["content-type"]) };
        expect(decodeEvent({ headers: [contentType], value: String(structured.body) })).toMatchObject({
          id: event.id,
          type: event.type,
          data,
        });
      }),
      { numRuns: 50 },
    );
  });

  test("may come as bytes, without any header, or with binary data", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const event = { specversion: "1.0", id: "1", source: "/x", type: "t", data: "é" };
    expect(decodeEvent({ headers: [], value: bytes(JSON.stringify(event)) })).toEqual(event);
    const headers = [
      { key: "ce_specversion", value: bytes("1.0") },
      { key: "ce_id", value: "0" },
      { key: "ce_id", value: "1" },
      { key: "ce_source", value: "/x" },
      { key: "ce_type", value: "t" },
      { key: "content-type", value: "application/octet-stream" },
    ];
    expect(decodeEvent({ headers, value: new Uint8Array([0xff, 0x00]) })).toMatchObject({ id: "1", data_base64: "/wA=" });
    expect(decodeEvent({ headers, value: null })).toMatchObject({ id: "1" });
  });

  test.each<[string, Pick<ConsumerRecord, "headers" | "value">]>([
    ["no JSON", { headers: [], value: "hello" }],
    ["no value", { headers: [], value: null }],
    ["no UTF-8", { headers: [], value: new Uint8Array([0xc3, 0x28]) }],
    ["an array", { headers: [], value: "[]" }],
    ["no event", { headers: [], value: "{}" }],
    ["foreign headers", { headers: [{ key: "a", value: "b" }], value: '{"specversion":"1.0","id":"1","source":"/x","type":"t"}' }],
    ["an attribute of a bad name", { headers: [], value: '{"specversion":"1.0","id":"1","source":"/x","type":"t","Bad-Name":"x"}' }],
    ["an attribute that is an object", { headers: [], value: '{"specversion":"1.0","id":"1","source":"/x","type":"t","a":{}}' }],
    ["a number over 32 bits", { headers: [], value: '{"specversion":"1.0","id":"1","source":"/x","type":"t","a":2147483648}' }],
    ["another version", { headers: [{ key: "ce_specversion", value: "0.3" }], value: "{}" }],
    ["no id", { headers: [{ key: "ce_specversion", value: "1.0" }], value: "{}" }],
  ])("that holds %s is refused with a reason", (_, record) => {
    expect(() => decodeEvent(record)).toThrow(
      expect.objectContaining({ code: "INVALID_RECORD", detail: expect.stringMatching(/^Expected /) }),
    );
  });

  test("whose data is broken still says what its attributes are", () => {
    const { headers } = encodeEvent({
      specversion: "1.0",
      id: "1",
      source: "/x",
      type: "sum",
      correlationid: "c",
      datacontenttype: "application/json",
      data: 1,
    });
    try {
      decodeEvent({ headers, value: "{" });
      expect.unreachable();
    } catch (error) {
      expect((error as RejoinderError).members).toMatchObject({ attributes: { id: "1", type: "sum", correlationid: "c" } });
    }
  });

  test("of any garbage is refused by an error of the table, and nothing else", () => {
    const anyHeaders = fc.array(fc.record({ key: fc.constantFrom("ce_specversion", "ce_id", "content-type", "x"), value: fc.string() }));
    fc.assert(
      fc.property(anyHeaders, fc.oneof(fc.string(), fc.json(), fc.uint8Array(), fc.constant(null)), (headers, value) => {
        try {
          decodeEvent({ headers, value });
        } catch (error) {
          expect(error).toBeInstanceOf(RejoinderError);
        }
      }),
    );
  });
});
