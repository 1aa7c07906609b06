import { expect, test } from "vitest";
import { openWebhooks } from "../../../../worker/hosts/node/webhooks.ts";
import { configOf, openHost } from "./open-host.ts";

const SEED = "A".repeat(43);

test("a signing key that was copied wrong is refused at the start", async () => {
  const WEBHOOK_SIGNING_KEY = `whsk_${Buffer.alloc(64, 1).toString("base64")}`;
  await expect(openHost({ variables: { WEBHOOK_SIGNING_KEY } })).rejects.toThrow(
    "WEBHOOK_SIGNING_KEY: the public key in it belongs to another one. Make one by: rejoinder webhooks new-key",
  );
});

test("a server sends no webhooks to itself", async () => {
  const variables = { WEBHOOK_SIGNING_KEY: `whsk_${SEED}=`, PUBLIC_URL: "https://api.example.com", ALLOWED_HOSTS: ".mine.example.com" };
  const webhooks = await openWebhooks(configOf(variables), ["worker.example.com"]);
  const event = {
    id: "msg_1",
    type: "request.succeeded",
    timestamp: "2026-01-01T00:00:00Z",
    data: { correlationId: "c", operation: "sum", status: "https://api.example.com/status/c" },
  } as const;
  for (const host of ["api.example.com", "worker.example.com", "a.mine.example.com"])
    expect(await webhooks?.send(`https://${host}/`, event, Date.now())).toEqual({
      outcome: "refused",
      reason: "Expected another host than this API's own.",
    });
  await webhooks?.close();
});
