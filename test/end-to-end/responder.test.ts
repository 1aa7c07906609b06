import { afterAll, beforeAll, expect, test } from "vitest";
import { callGateway, produce } from "../consumer/requests.ts";
import { createProject } from "../helpers/project.ts";
import { type Stack, startStack } from "../helpers/stack.ts";

const CONTRACT = `
  import { defineContract, operation } from "@rejoinder/sdk/contract";
  import * as z from "zod";
  export const contract = defineContract({
    sum: operation({ request: z.strictObject({ a: z.number(), b: z.number() }), reply: z.strictObject({ sum: z.number() }) }),
    price: operation({
      request: z.strictObject({ product: z.string() }),
      reply: z.strictObject({ price: z.number() }),
      responder: { headers: "spring", requestTopic: "price.requests", replyTopic: "price.replies" },
    }),
  });`;
const CONSUMER = `
  import { defineConsumer } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  export default defineConsumer({ contract, handlers: { sum: ({ a, b }) => ({ sum: a + b }) } });`;

type Message = { readonly value: string; readonly headers: readonly { readonly key: string; readonly value: string }[] };

const project = createProject({ "app/contract.ts": CONTRACT, "app/consumer.ts": CONSUMER });
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({}, { project: project.directory });
});

afterAll(async () => {
  await stack?.remove();
  project.remove();
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
