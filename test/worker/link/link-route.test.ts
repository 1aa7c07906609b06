import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { host } from "../hosts/cloudflare/test-host.ts";
import { type Handshake, handshakeHeaders, openLink, requestLink } from "../support/links.ts";
import { call, testEnv } from "../support/worker.ts";

const nowSeconds = () => Math.floor(Date.now() / 1_000);
const problemOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

describe("a link is opened", () => {
  test("for a handshake that is signed with REPLY_SECRET", async () => {
    const link = await openLink();
    link.send("ping");
    expect(await link.next()).toBe("pong");
    link.close();
  });

  test("for one that is signed with the older of two secrets, while they rotate", async () => {
    const link = await openLink({ secret: testEnv.REPLY_SECRET.split(",")[1] });
    link.close();
  });

  test("for one that the Standard Webhooks library signed, with a clock that is half a minute off", async () => {
    const time = new Date(Date.now() - 30_000);
    const signature = new Webhook(testEnv.REPLY_SECRET.split(",")[0] as string).sign("link_1", time, "GET /link/0");
    const headers = {
      "webhook-id": "link_1",
      "webhook-timestamp": String(Math.floor(time.getTime() / 1_000)),
      "webhook-signature": signature,
    };
    const link = await host.connect("/link/0", headers);
    if (link instanceof Response) throw new Error(await link.text());
    link.listen({ message: () => {}, close: () => {} });
    link.close(1_001, "The test ends.");
  });
});

describe("a link is refused", () => {
  test("without an upgrade: 426, and which one is expected", async () => {
    const response = await call("/link/0", { headers: await handshakeHeaders() });
    expect(response.headers.get("upgrade")).toBe("websocket");
    expect(await problemOf(response)).toEqual([426, "UPGRADE_REQUIRED"]);
  });

  test("unsigned: 401", async () => {
    expect(await problemOf((await host.connect("/link/0", {})) as Response)).toEqual([401, "UNAUTHORIZED"]);
  });

  test.each([
    ["signed with another secret", (): Handshake => ({ secret: "whsec_d3JvbmctLXNlY3JldC13cm9uZy0tc2VjcmV0" })],
    ["signed for another shard", (): Handshake => ({ signedShard: 1 })],
    ["signed more than a minute ago", (): Handshake => ({ timestampSeconds: nowSeconds() - 70 })],
    ["signed more than a minute ahead", (): Handshake => ({ timestampSeconds: nowSeconds() + 70 })],
  ])("%s: 401, with the server's time", async (_, handshake) => {
    const response = await requestLink(handshake());
    expect(Math.abs(Date.parse(response.headers.get("date") ?? "") - Date.now())).toBeLessThan(60_000);
    expect(await problemOf(response)).toEqual([401, "UNAUTHORIZED"]);
  });

  test("by a handshake that opened one already: 401", async () => {
    const id = crypto.randomUUID();
    const link = await openLink({ id });
    link.close();
    const response = await requestLink({ id });
    expect(response.status).toBe(401);
    expect(response.headers.get("date")).not.toBeNull();
    expect(await response.json()).toMatchObject({ code: "UNAUTHORIZED", detail: expect.stringContaining("used before") });
  });

  test.each(["1", "65535", "65536", "-1", "00", "0.5", "1e0", "one", "%30x"])(
    "for shard %s, of one: 404, and what was expected",
    async (shard) => {
      const response = (await host.connect(`/link/${shard}`, await handshakeHeaders())) as Response;
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "UNKNOWN_SHARD", detail: expect.stringContaining("a shard from 0 to 0") });
    },
  );

  test("by another method: 405", async () => {
    const response = await call("/link/0", { method: "POST" });
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await problemOf(response)).toEqual([405, "METHOD_NOT_ALLOWED"]);
  });
});
