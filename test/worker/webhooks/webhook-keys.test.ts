import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { fromBase64 } from "../../../protocol/base64.ts";
import { readWebhookSecret } from "../../../protocol/webhook-signature.ts";
import { readSigningKey, type SigningKey, writeSigningKey } from "../../../worker/webhooks/signing-key.ts";
import { createWebhookKeys } from "../../../worker/webhooks/webhook-keys.ts";
import { call } from "../support/worker.ts";
import { host } from "../hosts/cloudflare/test-host.ts";

const SECRETS = ["whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==", "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LW9sZA=="] as const;
/** The example of Standard Webhooks. */
const SIGNING_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

const keysOf = (secrets: readonly string[], signingKeys: readonly string[]) => {
  const keys = createWebhookKeys({
    WEBHOOK_SECRET: secrets.map((secret) => readWebhookSecret(secret) as Uint8Array<ArrayBuffer>),
    WEBHOOK_SIGNING_KEY: signingKeys.map((key) => readSigningKey(key) as SigningKey),
  });
  if (keys === undefined) throw new Error("no keys");
  return keys;
};

const TEXT = '{"type":"request.succeeded","text":"5€"}';
const nowSeconds = Math.floor(Date.now() / 1_000);
const sign = (secrets: readonly string[], signingKeys: readonly string[]) =>
  keysOf(secrets, signingKeys).sign({ id: "msg_1", timestampSeconds: nowSeconds, body: new TextEncoder().encode(TEXT) });

/** As a receiver does it that has a public key. */
const isSignedBy = async (publicKey: string, headers: Readonly<Record<string, string>>): Promise<boolean> => {
  const raw = fromBase64(publicKey.replace(/^whpk_/, "")) as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  const content = new TextEncoder().encode(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${TEXT}`);
  const signatures = (headers["webhook-signature"] ?? "").split(" ").filter((signature) => signature.startsWith("v1a,"));
  const verdicts = signatures.map((signature) =>
    crypto.subtle.verify("Ed25519", key, fromBase64(signature.slice(4)) as Uint8Array<ArrayBuffer>, content),
  );
  return (await Promise.all(verdicts)).includes(true);
};

describe("a webhook that is signed by a secret and by a key", () => {
  test("is taken by the Standard Webhooks library, which knows the secret", async () => {
    expect(new Webhook(SECRETS[0]).verify(TEXT, await sign([SECRETS[0]], [SIGNING_KEY]))).toEqual(JSON.parse(TEXT));
  });

  test("is taken by who has only the public key", async () => {
    const headers = await sign([SECRETS[0]], [SIGNING_KEY]);
    expect(headers["webhook-signature"]).toMatch(/^v1,[\w+/]{43}= v1a,[\w+/]{86}==$/);
    expect(await isSignedBy(PUBLIC_KEY, headers)).toBe(true);
    expect(await isSignedBy(PUBLIC_KEY, { ...headers, "webhook-timestamp": String(nowSeconds + 1) })).toBe(false);
  });

  test("is taken by who has the old ones and by who has the new ones, while they are rotated", async () => {
    const other = await writeSigningKey(new Uint8Array(32).fill(7));
    const headers = await sign(SECRETS, [other.signingKey, SIGNING_KEY]);
    for (const secret of SECRETS) expect(new Webhook(secret).verify(TEXT, headers)).toEqual(JSON.parse(TEXT));
    for (const publicKey of [PUBLIC_KEY, other.publicKey]) expect(await isSignedBy(publicKey, headers)).toBe(true);
  });

  test("is taken by nobody who has others", async () => {
    const headers = await sign([SECRETS[0]], [SIGNING_KEY]);
    const { publicKey } = await writeSigningKey(new Uint8Array(32).fill(7));
    expect(await isSignedBy(publicKey, headers)).toBe(false);
    expect(() => new Webhook(SECRETS[1]).verify(TEXT, headers)).toThrow("No matching signature");
  });
});

describe("a signing key", () => {
  test("is one with its public key, and without", async () => {
    const seed = `whsk_${btoa(atob(SIGNING_KEY.slice(5)).slice(0, 32))}`;
    for (const key of [SIGNING_KEY, seed]) expect(await keysOf([], [key]).publicKeys()).toEqual([PUBLIC_KEY]);
  });

  test("is refused if its public key is that of another", async () => {
    const mixed = `whsk_${btoa(atob(SIGNING_KEY.slice(5)).slice(0, 32) + "x".repeat(32))}`;
    await expect(keysOf([], [mixed]).publicKeys()).rejects.toThrow("WEBHOOK_SIGNING_KEY: the public key in it belongs to another one");
  });

  test("is refused by a Worker at its start", async () => {
    const wrong = ["whsk_", "whsk_AAAA", SECRETS[0], "whsk_not base64", `whsk_${"A".repeat(60)}`];
    for (const WEBHOOK_SIGNING_KEY of wrong)
      expect(await host.problemsOf({ variables: { WEBHOOK_SIGNING_KEY } })).toEqual([
        expect.stringMatching(/^WEBHOOK_SIGNING_KEY: Expected whsk_ /),
      ]);
  });
});

describe("a secret of webhooks", () => {
  test("is refused by a Worker at its start if it is none", async () => {
    expect(await host.problemsOf({ variables: { WEBHOOK_SECRET: "whsec_c2hvcnQ=" } })).toEqual([
      expect.stringMatching(/^WEBHOOK_SECRET: Expected whsec_ /),
    ]);
  });

  test("is refused if it signs replies, too, however it is written", async () => {
    const REPLY_SECRET = SECRETS.join(",");
    for (const WEBHOOK_SECRET of [SECRETS[1], SECRETS[1].replace(/=+$/, "")])
      expect(await host.problemsOf({ variables: { REPLY_SECRET, WEBHOOK_SECRET } })).toEqual([
        "WEBHOOK_SECRET: Expected another secret than REPLY_SECRET.",
      ]);
  });
});

test("the public keys are told to everybody, and may be kept for an hour", async () => {
  const response = await call("/.well-known/webhook-keys");
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("public, max-age=3600");
  expect(await response.json()).toEqual({ keys: [PUBLIC_KEY] });
});

test("a Worker without keys sends no webhooks, and tells none", async () => {
  const variables = { WEBHOOK_SECRET: undefined, WEBHOOK_SIGNING_KEY: undefined };
  expect(await host.openWebhooks({ variables })).toBeUndefined();
  expect((await host.callOther({ variables }, "/.well-known/webhook-keys")).status).toBe(404);
});
