import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCorrelationIds } from "../../worker/correlation-id.ts";
import { host } from "./hosts/cloudflare/test-host.ts";

const NOW = Date.UTC(2026, 0, 1);
const secrets = [{ number: 3, secret: "a-secret-that-is-long-enough-for-a-test" }];
const idsOf = (overrides: Partial<Parameters<typeof createCorrelationIds>[0]> = {}) =>
  createCorrelationIds({ secrets, environment: "test", now: () => NOW, ...host.ids, ...overrides });
const request = { shard: 7, deadlineSeconds: 30, retentionSeconds: 3_600 };

describe("a correlation ID", () => {
  test("says what it was made from, in 63 characters", async () => {
    const within = (most: number) => fc.integer({ min: 0, max: most });
    const anyRequest = fc.record({ shard: within(65_535), deadlineSeconds: within(2 ** 24 - 1), retentionSeconds: within(2 ** 24 - 1) });
    await fc.assert(
      fc.asyncProperty(anyRequest, fc.integer({ min: 0, max: 2 ** 48 - 1 }), async (made, createdAt) => {
        const ids = idsOf({ now: () => createdAt });
        const id = await ids.create(made);
        expect(id.text).toMatch(/^[A-Za-z0-9_-]{63}$/);
        // By another instance, since the first may remember it.
        expect(await idsOf({ now: () => createdAt }).read(id.text)).toEqual(id);
        expect(id).toMatchObject({
          shard: made.shard,
          createdAt,
          deadline: createdAt + made.deadlineSeconds * 1_000,
          expiresAt: createdAt + made.retentionSeconds * 1_000,
        });
      }),
      { numRuns: 50 },
    );
  });

  test("is a forgery as soon as one character differs, in whatever way", async () => {
    const ids = idsOf();
    const { text } = await ids.create(request);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 62 }), fc.constantFrom(...alphabet), async (index, character) => {
        fc.pre(text[index] !== character);
        expect(await ids.read(text.slice(0, index) + character + text.slice(index + 1))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test("is refused in another spelling of the same bytes", async () => {
    const ids = idsOf();
    const { text } = await ids.create(request);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(text.at(-1) as string);
    expect(await ids.read(text.slice(0, -1) + alphabet[last | 1])).toBeUndefined();
    for (const spelling of [`${text}=`, ` ${text}`, text.slice(0, -1), "", "x".repeat(63), "/".repeat(63)]) {
      expect(await ids.read(spelling)).toBeUndefined();
    }
  });

  test("means nothing in another environment or under another secret", async () => {
    const { text } = await idsOf().create(request);
    expect(await idsOf({ environment: "production" }).read(text)).toBeUndefined();
    expect(await idsOf({ secrets: [{ number: 3, secret: "another-secret-that-is-long-enough" }] }).read(text)).toBeUndefined();
    expect(await idsOf({ secrets: [{ number: 4, secret: secrets[0]?.secret as string }] }).read(text)).toBeUndefined();
  });

  test("stays valid while its secret is still listed after a rotation", async () => {
    const { text } = await idsOf().create(request);
    const rotated = idsOf({ secrets: [{ number: 4, secret: "a-newer-secret-that-is-long-enough-too" }, ...secrets] });
    expect(await rotated.read(text)).toBeDefined();
  });

  test("from more than a minute in the future is a forgery", async () => {
    const ahead = await idsOf({ now: () => NOW + 59_000 }).create(request);
    const farAhead = await idsOf({ now: () => NOW + 61_000 }).create(request);
    expect(await idsOf().read(ahead.text)).toBeDefined();
    expect(await idsOf().read(farAhead.text)).toBeUndefined();
  });

  test("that was made here a moment ago is read without its signature being computed again", async () => {
    let macs = 0;
    const mac = (content: Uint8Array): Uint8Array => (macs++, content.slice(0, 32));
    const encode = (bytes: Uint8Array): string =>
      btoa(String.fromCharCode(...bytes))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");
    const decode = (text: string) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
    const ids = idsOf({ platform: { createMac: () => mac, encode, decode, remembers: 2 } });
    const made = [];
    while (made.length < 5) made.push(await ids.create(request));
    for (const id of made.slice(-2)) expect(await ids.read(id.text)).toBe(id);
    expect(macs).toBe(5);
    const [oldest] = made;
    expect(await ids.read(oldest?.text ?? "")).toEqual(oldest);
    expect(macs).toBe(6);
  });
});
