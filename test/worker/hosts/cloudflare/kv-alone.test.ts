import { expect, test } from "vitest";
import { handshakeHeaders } from "../../support/links.ts";
import { host } from "./test-host.ts";

test("a link is refused where replies are kept in KV alone: 501, and the way that is left", async () => {
  const headers = { upgrade: "websocket", ...(await handshakeHeaders()) };
  const response = await host.callOther({ variables: { REPLY_STORE: "kv" } }, "/link/0", { headers });
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ code: "NO_LINKS", detail: expect.stringContaining("POST /replies") });
});
