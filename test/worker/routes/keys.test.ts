import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyView } from "../../../worker/identity/keys/key-actions.ts";
import { createApiKey } from "../../../worker/identity/keys/api-key.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { keyOperator, makeKey } from "../support/keys.ts";
import { signedPost } from "../support/redrives.ts";
import { call } from "../support/worker.ts";

const { ask, done, create } = keyOperator(call);

const DAY_MS = 86_400_000;

const listAll = async (after?: string): Promise<readonly KeyView[]> => {
  const { keys, next } = await done({ action: "list", after });
  return next === undefined ? keys : [...keys, ...(await listAll(next))];
};
const refusalOf = async (action: unknown): Promise<readonly [number, string, string]> => {
  const response = await ask(action);
  const { code, detail } = await response.json<{ code: string; detail: string }>();
  return [response.status, code, detail];
};

describe("an operator", () => {
  test("learns which environment and which scopes there are", async () => {
    const { environment, scopes } = await done({ action: "describe" });
    expect(environment).toBe("dev");
    expect(scopes).toEqual(expect.arrayContaining(["requests:*", "requests:sum", "status:read", "operator"]));
  });

  test("makes a key, and it is listed and shown without what could be used", async () => {
    const { view } = await create({ subject: "ada", scopes: ["requests:sum"] });
    expect(view).toMatchObject({ state: "active", subject: "ada", scopes: ["requests:sum"] });
    for (const shown of [view, await done({ action: "show", id: view.id }), (await listAll()).find(({ id }) => id === view.id)]) {
      expect(shown).toEqual(view);
      expect(JSON.stringify(shown)).not.toMatch(/[0-9a-f]{64}/);
    }
  });

  test("cannot replace a key by another one of its ID", async () => {
    const { view } = await create();
    const { made } = await makeKey("dev");
    const key = { ...made, id: view.id, subject: "eve", scopes: ["operator"] };
    expect(await refusalOf({ action: "create", key })).toEqual([409, "KEY_EXISTS", expect.stringContaining(view.id)]);
    expect(await done({ action: "show", id: view.id })).toEqual(view);
  });

  test("rotates a key: another one of the same subject, and the old one goes on for the overlap", async () => {
    const { view: old } = await create({ subject: "ada", scopes: ["requests:sum"] });
    const { made } = await makeKey("dev");
    const before = Date.now();
    const next = await done({ action: "rotate", id: old.id, key: made, overlapSeconds: 3_600 });
    expect(next).toMatchObject({ id: made.id, state: "active", subject: "ada", scopes: ["requests:sum"] });
    const replaced = await done({ action: "show", id: old.id });
    expect(replaced).toMatchObject({ state: "replaced", replacedBy: next.id });
    const ends = Date.parse(String(replaced.expiresAt)) - before;
    expect([ends >= 3_600_000, ends < 3_660_000]).toEqual([true, true]);
    // Rotating it again would leave three.
    expect(await refusalOf({ action: "rotate", id: old.id, key: (await makeKey("dev")).made, overlapSeconds: 0 })).toEqual([
      409,
      "KEY_ENDED",
      `The API key ${old.id} is replaced. Rotate ${next.id} instead.`,
    ]);
  });

  test("rotates a key that ends: the new one lives as long, and the old one no longer than it would have", async () => {
    const end = Date.now() + DAY_MS;
    const { view: old } = await create({ expiresAt: end });
    const next = await done({ action: "rotate", id: old.id, key: (await makeKey("dev")).made, overlapSeconds: 2 * 86_400 });
    const livesFor = Date.parse(String(next.expiresAt)) - Date.parse(next.createdAt);
    expect(Math.abs(livesFor - (end - Date.parse(old.createdAt)))).toBeLessThanOrEqual(1);
    expect((await done({ action: "show", id: old.id })).expiresAt).toBe(new Date(end).toISOString());
  });

  test("revokes a key for good", async () => {
    const { view } = await create();
    const revoked = await done({ action: "revoke", id: view.id });
    expect(revoked).toMatchObject({ state: "revoked", revokedAt: expect.any(String) });
    expect(await done({ action: "revoke", id: view.id })).toEqual(revoked);
    const [status, code] = await refusalOf({ action: "rotate", id: view.id, key: (await makeKey("dev")).made, overlapSeconds: 0 });
    expect([status, code]).toEqual([409, "KEY_ENDED"]);
  });

  test.each(["show", "revoke", "rotate"])("is told that there is no such key to %s", async (action) => {
    const { id } = createApiKey("dev");
    const rest = action === "rotate" ? { key: (await makeKey("dev")).made, overlapSeconds: 0 } : {};
    expect(await refusalOf({ action, id, ...rest })).toEqual([404, "UNKNOWN_KEY", `There is no API key ${id}. See: rejoinder keys list`]);
  });

  test("is told which scopes there are", async () => {
    const { made } = await makeKey("dev");
    const [status, code, detail] = await refusalOf({ action: "create", key: { ...made, subject: "x", scopes: ["requests:summ"] } });
    expect([status, code]).toEqual([400, "INVALID_KEY_ACTION"]);
    expect(detail).toMatch(/^There is no scope requests:summ\. Expected some of requests:\*, .*requests:sum, /);
  });

  test("is told what of a call cannot be read", async () => {
    const { made } = await makeKey("dev");
    const create = (rest: object) => ({ action: "create", key: { ...made, subject: "ada", scopes: ["requests:*"], ...rest } });
    for (const action of [null, [], {}, "list", { action: "delete" }, { action: "__proto__" }, { action: ["list"] }])
      expect(await refusalOf(action)).toEqual([
        400,
        "INVALID_KEY_ACTION",
        "Expected action to be one of describe, list, show, revoke, create, rotate.",
      ]);
    for (const [action, path] of [
      [{ action: "show" }, "/id"],
      [{ action: "show", id: "no" }, "/id"],
      [{ action: "list", after: 1 }, "/after"],
      [create({ subject: "a\nb" }), "/key/subject"],
      [create({ hash: "A".repeat(64) }), "/key/hash"],
      [create({ expiresAt: 1.5 }), "/key/expiresAt"],
      [{ action: "rotate", id: made.id, key: made, overlapSeconds: -1 }, "/overlapSeconds"],
    ])
      expect(await refusalOf(action)).toEqual([400, "INVALID_KEY_ACTION", expect.stringContaining(`at ${String(path)}: `)]);
    expect(await refusalOf(create({ scopes: [] }))).toEqual([
      400,
      "INVALID_KEY_ACTION",
      expect.stringContaining("Expected some of the scopes"),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect((await refusalOf(value)).slice(0, 2)).toEqual([400, "INVALID_KEY_ACTION"]);
      }),
      { numRuns: 50 },
    );
  });
});

test("nobody without the secret does anything with keys", async () => {
  const action = { action: "list" };
  const body = JSON.stringify(action);
  const bare = await call("/keys", { method: "POST", headers: { "content-type": "application/json" }, body });
  const forged = await call("/keys", await signedPost(action, { secret: `whsec_${btoa("x".repeat(32))}` }));
  const other = await signedPost({ action: "describe" });
  const replaced = await call("/keys", { ...other, body });
  expect([bare.status, forged.status, replaced.status, (await call("/keys")).status]).toEqual([401, 401, 401, 405]);
});

test("the store holds neither a key nor its secret, and a Worker tells neither", async () => {
  const { key, made } = await makeKey("dev");
  await host.keys.write({ ...made, subject: "ada", scopes: ["requests:*"], createdAt: Date.now() });
  const bytes = await host.keys.dump();
  expect(bytes).toContain(made.hash);
  for (const secret of [key, key.slice(-44), key.slice(-20)]) expect(bytes).not.toContain(secret);
});
