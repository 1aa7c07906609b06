import { expect, test } from "vitest";
import { handshakeHeaders } from "../../support/links.ts";
import { signedPost } from "../../support/redrives.ts";
import { createId } from "../../support/worker.ts";
import { host } from "./test-host.ts";

test("a link is refused where replies are kept in KV alone: 501, and the way that is left", async () => {
  const headers = { upgrade: "websocket", ...(await handshakeHeaders()) };
  const response = await host.callOther({ variables: { REPLY_STORE: "kv" } }, "/link/0", { headers });
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ code: "NO_LINKS", detail: expect.stringContaining("POST /replies") });
});

const kvAlone = { variables: { REPLY_STORE: "kv" } };

test("nothing can be cancelled where replies are kept in KV alone: 501", async () => {
  const { text } = await createId();
  const response = await host.callOther(kvAlone, `/status/${text}`, { method: "DELETE" });
  expect([response.status, await response.json()]).toEqual([501, expect.objectContaining({ code: "NOT_SUPPORTED" })]);
});

test("nothing is sent again under its ID where replies are kept in KV alone: 501, and the way that is left", async () => {
  const { text } = await createId();
  const init = await signedPost({ correlationId: text, operation: "sum", data: { a: 2, b: 3 } });
  const response = await host.callOther(kvAlone, "/redrives", init);
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ code: "NOT_SUPPORTED", detail: expect.stringContaining("POST /requests") });
});
