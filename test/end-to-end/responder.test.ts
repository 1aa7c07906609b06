import { afterAll, beforeAll, expect, test } from "vitest";
import { callGateway, produce } from "../consumer/requests.ts";
import { copyCheckout } from "../helpers/checkout.ts";
import { type Stack, startStack } from "../helpers/stack.ts";

const OPERATIONS = `
const price = defineOperation({
  name: "price",
  request: z.strictObject({ product: z.string() }),
  reply: z.strictObject({ price: z.number() }),
  deadlineSeconds: 30,
  retentionSeconds: HOUR,
  responder: { headers: "spring", requestTopic: "price.requests", replyTopic: "price.replies" },
});

export const operations = defineContract({ sum, echo, report, price });`;

type Message = { readonly value: string; readonly headers: readonly { readonly key: string; readonly value: string }[] };

const checkout = copyCheckout();
let stack: Stack;

beforeAll(async () => {
  checkout.replaceLine("contract/operations.ts", "export const operations", OPERATIONS);
  stack = await startStack({}, checkout.run);
});

afterAll(async () => {
  await stack?.remove();
  checkout.remove();
});

const ask = async (operation: string, data: object) => {
  const headers = { "content-type": "application/json", prefer: "wait=25" };
  const response = await fetch(`${stack.url}/requests/${operation}`, { method: "POST", headers, body: JSON.stringify(data) });
  return [response.status, await response.json()];
};

test("a responder that speaks the REST API of the gateway answers an operation of npm start", async () => {
  const gateway = { url: stack.gatewayUrl, username: "rejoinder", password: stack.secrets.gatewayPassword };
  const consume = async (timeout: number) =>
    (await callGateway(gateway, "/consume/prices/one", { topic: "price.requests", timeout })) as Message[];
  // A new group begins at the end, so it must be there before the request.
  await consume(1);
  const answering = (async () => {
    let [request] = await consume(20_000);
    while (request === undefined) [request] = await consume(20_000);
    const headerOf = (name: string) => request?.headers.find(({ key }) => key === name)?.value ?? "";
    const correlation = { key: "kafka_correlationId", value: headerOf("kafka_correlationId") };
    await produce(gateway, [{ topic: headerOf("kafka_replyTopic"), value: '{"price":0.12}', headers: [correlation] }]);
    return request.value;
  })();
  expect(await ask("price", { product: "bolt" })).toEqual([200, { price: 0.12 }]);
  expect(await answering).toBe('{"product":"bolt"}');
  // Handlers go on beside it.
  expect(await ask("sum", { a: 2, b: 3 })).toEqual([200, { sum: 5 }]);
});
