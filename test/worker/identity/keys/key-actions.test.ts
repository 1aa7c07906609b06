import { expect, test } from "vitest";
import { createKeyActions } from "../../../../worker/identity/keys/key-actions.ts";
import { makeKey } from "../../support/keys.ts";
import { memoryRegistry } from "./memory-registry.ts";

test("a key whose scopes no record could carry is refused before anybody uses it", async () => {
  const { registry, keys } = memoryRegistry();
  const scopes = Array.from({ length: 100 }, (_, number) => `requests:an-operation-with-quite-a-long-name-${number}`);
  const act = createKeyActions({ registry, environment: "production", scopes, now: () => 0 });
  const key = { ...(await makeKey("live")).made, subject: "ada" };
  await expect(act({ action: "create", key: { ...key, scopes } })).rejects.toMatchObject({
    code: "INVALID_KEY_ACTION",
    detail: expect.stringMatching(/^Expected scopes and plan of 4096 characters/),
  });
  expect(keys.size).toBe(0);
  expect(await act({ action: "create", key: { ...key, scopes: scopes.slice(0, 20) } })).toMatchObject({ state: "active" });
});
