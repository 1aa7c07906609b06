import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { createNewKey, newKeyText } from "../../../cli/webhooks/new-key.ts";
import { readEnvironment } from "../../../environment/environment.ts";
import { webhookVariables } from "../../../worker/webhooks/config.ts";
import { createWebhookKeys } from "../../../worker/webhooks/webhook-keys.ts";
import * as z from "zod";

test("what new-key prints is what the Worker's variables take, and its signature is checked by the public key that it prints", async () => {
  const key = await createNewKey();
  const lines = newKeyText(key).split("\n");
  const variables = Object.fromEntries(
    lines.flatMap((line) => [...line.matchAll(/^([A-Z_]+)=(.+)$/g)].map(([, name, value]) => [name, value])),
  );
  const keys = createWebhookKeys(readEnvironment(z.object(webhookVariables), variables));
  expect(await keys?.publicKeys()).toEqual([key.publicKey]);
  expect(lines[0]).toContain(key.publicKey);

  const headers = await keys?.sign({ id: "msg_1", timestampSeconds: 1_700_000_000, body: new TextEncoder().encode("{}") });
  const [v1 = "", v1a = ""] = (headers?.["webhook-signature"] ?? "").split(" ");
  expect(v1).toMatch(/^v1,/);
  const publicKey = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key.publicKey.slice(5), "base64").toString("base64url") },
    format: "jwk",
  });
  expect(verify(null, Buffer.from("msg_1.1700000000.{}"), publicKey, Buffer.from(v1a.slice(4), "base64"))).toBe(true);
});

test("no two keys are the same", async () => {
  const [one, other] = await Promise.all([createNewKey(), createNewKey()]);
  expect(one.signingKey).not.toBe(other.signingKey);
  expect(one.secret).not.toBe(other.secret);
});
