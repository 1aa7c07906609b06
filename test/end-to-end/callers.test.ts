import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Problem } from "../../protocol/problem.ts";
import type { StatusBody } from "../../protocol/status.ts";
import { createCorrelationIds } from "../../worker/correlation-id.ts";
import { nodeIds } from "../../worker/hosts/node/correlation-id-platform.ts";
import { callGateway, newRequest, produce, toWire, type WireRecord } from "../consumer/requests.ts";
import { createProject } from "../helpers/project.ts";
import { HOSTS, type Stack, startStack } from "../helpers/stack.ts";

const CONTRACT = `
  import { defineContract, operation } from "@rejoinder/sdk/contract";
  import * as z from "zod";
  export const contract = defineContract({
    whoami: operation({ request: z.strictObject({ any: z.boolean() }), reply: z.unknown() }),
  });`;
const WORKER = `
  import { defineWorker, unauthenticated } from "@rejoinder/sdk/worker";
  import { contract } from "./contract.ts";
  const { worker, Mailbox } = defineWorker({
    contract,
    authenticate({ headers }) {
      const [, name] = /^Name (.*)$/.exec(headers.get("authorization") ?? "") ?? [];
      if (name === "eve") throw unauthenticated("Eve may not call.");
      return name && { subject: name, authtype: "user", scopes: ["requests:whoami", "status:read"], plan: "pro", claims: { tenant: "acme" } };
    },
  });
  export { Mailbox };
  export default worker;`;
const CONSUMER = `
  import { defineConsumer } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  export default defineConsumer({
    contract,
    handlers: {
      whoami(_, { caller }) {
        return caller;
      },
    },
  });`;

const project = createProject({ "app/contract.ts": CONTRACT, "app/worker.ts": WORKER, "app/consumer.ts": CONSUMER });
afterAll(() => project.remove());

describe.each(HOSTS)("callers, with the Worker in %s", (host) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({}, { project: project.directory, host });
  });
  afterAll(() => stack?.remove());

  const ask = async (name: string | undefined) => {
    const headers = { "content-type": "application/json", prefer: "wait=25", ...(name !== undefined && { authorization: `Name ${name}` }) };
    const response = await fetch(`${stack.url}/requests/whoami`, { method: "POST", headers, body: '{"any":true}' });
    return [response.status, await response.json()];
  };

  test("a handler sees who sent a request, as the application found out, and that nobody knows who sent another", async () => {
    expect(await ask("ada")).toEqual([
      200,
      { subject: "ada", scopes: ["requests:whoami", "status:read"], plan: "pro", claims: { tenant: "acme" } },
    ]);
    expect(await ask(undefined)).toEqual([200, { scopes: [], claims: {} }]);
    expect(await ask("eve")).toEqual([401, expect.objectContaining({ code: "UNAUTHENTICATED", detail: "Eve may not call." })]);
  });

  test("a record that pretends to be of a caller fails, is a dead letter, and reaches no handler", async () => {
    const gateway = { url: stack.gatewayUrl, username: "rejoinder", password: stack.secrets.gatewayPassword };
    const [number = "", secret = ""] = stack.secrets.CORRELATION_SECRET.split(":");
    const ids = createCorrelationIds({ secrets: [{ number: Number(number), secret }], environment: "local", platform: nodeIds });
    const id = await ids.create({ shard: 0, deadlineSeconds: 30, retentionSeconds: 3_600 });
    const forged = newRequest({
      correlationId: id.text,
      operation: "whoami",
      deadline: id.deadline,
      data: { any: true },
      authtype: "user",
      authid: "ada",
      authclaims: '{"scopes":["operator"]}',
      authsignature: Buffer.alloc(32, 1).toString("base64"),
    });
    await produce(gateway, [toWire(forged)]);
    const response = await fetch(`${stack.url}/status/${id.text}`, { headers: { prefer: "wait=25" } });
    const { state, error } = (await response.json()) as StatusBody & { readonly error: Problem };
    expect([state, error.code, error["deadLetter"]]).toEqual(["failed", "INVALID_RECORD", "requests-dlt"]);
    expect(error.detail).toMatch(/authsignature/);
    const letters = (await callGateway(gateway, "/fetch", { topic: "requests-dlt", partition: 0, offset: 0 })) as WireRecord[];
    expect(letters.some(({ headers = [] }) => headers.some(({ value }) => value === id.text))).toBe(true);
  });
});
