import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Handlers } from "../../consumer/handler.ts";
import { defineContract, type HandledName, handledTopicsOf, respondedOperationsOf, topicsOf } from "../../contract/contract.ts";
import { operation, type OperationDefinition } from "../../contract/operation.ts";

const schemas = { request: z.string(), reply: z.number() };
const responder = { headers: "spring", requestTopic: "price.requests", replyTopic: "price.replies" } as const;
const price = operation({ ...schemas, responder });
const discount = operation({ ...schemas, responder: { ...responder, replyTopic: "discount.replies" } });
const sum = operation(schemas);

test("an operation that a responder answers goes to the responder's topic", () => {
  expect(defineContract({ price }).price.topic).toBe("price.requests");
  expect(defineContract({ price: operation({ ...price, topic: "price.requests" }) }).price.topic).toBe("price.requests");
});

test.each([
  ["responder.headers", { responder: { ...responder, headers: "smallrye" } }],
  ["responder.requestTopic", { responder: { ...responder, requestTopic: "" } }],
  ["responder.replyTopic", { responder: { ...responder, replyTopic: "no spaces" } }],
  ["responder.replyTopic", { responder: { ...responder, replyTopic: "price.requests" } }],
  ["topic", { topic: "requests", responder }],
])("a responder with a wrong %s is refused by that name", (field, wrong) => {
  expect(() => defineContract({ price: { ...schemas, ...(wrong as object) } as OperationDefinition })).toThrow(
    new RegExp(`^Expected ${field} of operation "price" to be `),
  );
});

test("the contract knows what is produced, what handlers read, and whose replies are in which topic", () => {
  const contract = defineContract({ sum, price, discount });
  expect(topicsOf(contract)).toEqual(["requests", "price.requests"]);
  expect(handledTopicsOf(contract)).toEqual(["requests"]);
  expect([...respondedOperationsOf(contract)]).toEqual([
    ["price.replies", contract.price],
    ["discount.replies", contract.discount],
  ]);
});

test("a topic with two uses is refused: nobody could tell one's records from the other's", () => {
  const inOwnTopic = (topic: string) => operation({ ...schemas, topic });
  const other = operation({ ...schemas, responder });
  expect(() => defineContract({ price, sum: inOwnTopic("price.requests") })).toThrow(
    'Expected topic "price.requests" to have one use, got requests to responders and requests to handlers, the latter by operation sum',
  );
  expect(() => defineContract({ price, sum: inOwnTopic("price.replies") })).toThrow(
    /replies to price and requests to handlers, the latter by operation sum/,
  );
  expect(() => defineContract({ price, other })).toThrow(
    /"price.replies" .* replies to price and replies to other, the latter by operation other/,
  );
});

test("an operation that a responder answers has no handler, by its type", () => {
  const contract = defineContract({ sum, price });
  type Contract = typeof contract;
  // @ts-expect-error -- a handler that would never be called
  void ({ sum: () => 1, price: () => 1 } satisfies Handlers<Contract>);
  expectTypeOf<HandledName<Contract>>().toEqualTypeOf<"sum">();
  expectTypeOf(contract.price.responder).toEqualTypeOf<typeof responder>();
  expectTypeOf(contract.sum.responder).toEqualTypeOf<undefined>();
});
