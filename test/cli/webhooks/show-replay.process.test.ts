import { afterAll, beforeAll, expect, test } from "vitest";
import type { WebhookStatus } from "../../../protocol/status.ts";
import { type Served, serve } from "../../helpers/served.ts";
import { type Stack, startStack } from "../../helpers/stack.ts";
import { callCommand, type Called } from "../run-command.ts";

let receiver: Served;
let stack: Stack;
/** The `webhook-id` of each call, and its path. */
const calls: string[] = [];
let status = 410;
beforeAll(async () => {
  receiver = await serve((request, response) => {
    request.resume();
    calls.push(`${String(request.headers["webhook-id"])} ${request.url}`);
    response.writeHead(status).end();
  });
  const environment = {
    AUTH: "public,keys",
    WEBHOOK_SECRET: `whsec_${btoa("z".repeat(32))}`,
    WEBHOOK_ALLOWED_HOSTS: new URL(receiver.url).host,
  };
  stack = await startStack(environment, { host: "node" });
}, 60_000);
afterAll(async () => {
  await stack?.remove();
  receiver?.close();
});

const call = (args: readonly string[], token?: string): Promise<Called> =>
  callCommand(args, { variables: { REJOINDER_DIR: stack.dir, ...(token !== undefined && { REJOINDER_TOKEN: token }) } });

const send = async (headers: Record<string, string>): Promise<string> => {
  const response = await fetch(`${stack.url}/requests/sum`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: '{"a":2,"b":3}',
  });
  return ((await response.json()) as { correlationId: string }).correlationId;
};

const until = (id: string, state: WebhookStatus["state"], token?: string): Promise<void> =>
  expect
    .poll(async () => JSON.parse((await call(["webhooks", "show", id, "--json"], token)).stdout) as WebhookStatus, { timeout: 25_000 })
    .toMatchObject({ state });

test("a webhook is shown and sent again by the command, with the same webhook-id", async () => {
  const id = await send({ "reply-to": `<${receiver.url}/own>` });
  await until(id, "disabled");
  status = 204;
  const replayed = await call(["webhooks", "replay", id]);
  expect([replayed.code, replayed.stdout]).toEqual([0, expect.stringMatching(/^pending {2}0 attempts .*next \d{4}-/)]);
  await until(id, "delivered");
  expect((await call(["webhooks", "show", id])).stdout).toBe("delivered  1 attempt  last 204\n");
  expect(calls).toEqual([`wh_${id} /own`, `wh_${id} /own`]);
});

test("a key that is made with a URL has the end of its requests told there", async () => {
  status = 204;
  const made = await call(["keys", "create", "--webhook", `${receiver.url}/of-the-key`]);
  expect([made.code, made.stderr]).toEqual([0, expect.stringContaining(`webhook ${receiver.url}/of-the-key`)]);
  const key = made.stdout.trim();
  const id = await send({ authorization: `Bearer ${key}` });
  await until(id, "delivered", key);
  expect(calls.at(-1)).toBe(`wh_${id} /of-the-key`);
  // It is the affair of whoever sent it.
  expect(await call(["webhooks", "show", id])).toMatchObject({ code: 2, stderr: expect.stringContaining("UNKNOWN_CORRELATION_ID") });
});

test("a request without a webhook is named as such", async () => {
  const id = await send({});
  expect(await call(["webhooks", "replay", id])).toMatchObject({ code: 2, stderr: expect.stringContaining("UNKNOWN_WEBHOOK") });
});
