import { Validator } from "@cfworker/json-schema";
import { describe, expect, test } from "vitest";
import type { Operation } from "../../../contract/operation.ts";
import { SPRING_HEADERS } from "../../../protocol/spring-headers.ts";
import { createAsyncApi } from "../../../worker/description/asyncapi.ts";
import { createRecord } from "../../../worker/request-record.ts";
import { contract } from "../../project/app/contract.ts";
import { richContract } from "../../project/rich-contract.ts";
import { as } from "../support/tokens.ts";
import { createTraceparent, headersOf, valueOf } from "../support/requests.ts";
import { createId, post } from "../support/worker.ts";

type Message = { readonly headers: object; readonly payload: object; readonly correlationId: { readonly location: string } };
type AsyncApi = {
  readonly channels: Record<string, { readonly address: string; readonly messages: object }>;
  readonly operations: Record<
    string,
    { readonly action: string; readonly channel: { $ref: string }; readonly reply?: Record<string, object> }
  >;
  readonly components: { readonly messages: Record<string, Message>; readonly schemas: object };
};

const documentOf = (of: Parameters<typeof createAsyncApi>[0]["contract"]): AsyncApi =>
  JSON.parse(JSON.stringify(createAsyncApi({ contract: of }))) as AsyncApi;

const faultsOf = ({ components }: AsyncApi, schema: object, value: unknown): readonly string[] =>
  new Validator({ ...schema, components } as object, "2020-12", false)
    .validate(value)
    .errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`);

/** The names of headers that a message describes. */
const namesIn = ({ headers }: Message): string[] => Object.keys((headers as { properties: object }).properties);

const ada = await as("ada");

describe("a record that the API produces", () => {
  const document = documentOf(contract);

  test.each([
    ["of anybody", {}],
    ["of a caller who is known", ada],
  ])("%s is as the document says, and has no header that it does not name", async (_, credentials) => {
    const traceparent = createTraceparent();
    await post("sum", { a: 2, b: 3 }, { traceparent, ...credentials });
    const [headers, value] = [await headersOf(traceparent), await valueOf(traceparent)];
    const message = document.components.messages["sum.request"] as Message;
    expect(faultsOf(document, message.headers, Object.fromEntries(headers))).toEqual([]);
    expect([...headers.keys()].filter((name) => !namesIn(message).includes(name))).toEqual([]);
    expect(faultsOf(document, message.payload, JSON.parse(value))).toEqual([]);
    expect(headers.get(message.correlationId.location.split("/").at(-1) as string)).toMatch(/^[\w-]{63}$/);
  });

  test.each([
    ["a handler", richContract.pay],
    ["a responder", richContract.quote],
  ] as const)("for %s may have each header that the document names", async (_, operation: Operation) => {
    const [id, json] = [await createId(), "{}"];
    const options = { operation, id, json, orderingKey: "EUR", source: "/worker", causationId: id.text };
    const { headers } = createRecord({ ...options, traceparent: createTraceparent() });
    const sealed = ["authid", "authclaims", "authsignature"].map((name) => `ce_${name}`);
    expect(namesIn(documentOf(richContract).components.messages[`${operation.name}.request`] as Message).toSorted()).toEqual(
      [...headers.map(({ key }) => key), ...sealed].toSorted(),
    );
  });

  test("names its topic, of which there is one channel for all operations that share it", () => {
    expect(Object.keys(document.channels)).toEqual(["requests"]);
    expect(Object.keys(document.channels["requests"]?.messages ?? {})).toEqual(Object.keys(contract).map((name) => `${name}.request`));
    expect(Object.values(document.operations).map(({ action, reply }) => [action, reply])).toEqual(
      Object.keys(contract).map(() => ["send", undefined]),
    );
  });
});

describe("an operation that a responder answers", () => {
  const document = documentOf(richContract);

  test("has a channel for its replies, which its requests name", () => {
    expect(document.operations["quote"]).toMatchObject({
      channel: { $ref: "#/channels/quote.requests" },
      reply: {
        address: { location: `$message.header#/${SPRING_HEADERS.replyTopic}` },
        channel: { $ref: "#/channels/quote.replies" },
        messages: [{ $ref: "#/channels/quote.replies/messages/quote.reply" }],
      },
    });
    expect(document.channels["quote.replies"]?.address).toBe("quote.replies");
  });

  test("finds its reply by the correlation ID in the headers of Spring", () => {
    for (const name of ["quote.request", "quote.reply"])
      expect(document.components.messages[name]?.correlationId.location).toBe(`$message.header#/${SPRING_HEADERS.correlationId}`);
  });
});
