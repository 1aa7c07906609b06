import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KeyView } from "../../../worker/identity/keys/key-actions.ts";
import { HOSTS, type Stack, startStack } from "../../helpers/stack.ts";
import { callCommand, type Called } from "../run-command.ts";

describe.each(HOSTS)("rejoinder keys, with the Worker on %s", (host) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ AUTH: "keys", REQUEST_LOG: "on" }, { host });
  }, 60_000);
  afterAll(() => stack?.remove());

  const keys = (...args: readonly string[]): Promise<Called> => callCommand(["keys", ...args], { variables: { REJOINDER_DIR: stack.dir } });
  const made = async (...args: readonly string[]): Promise<KeyView & { readonly key: string }> =>
    JSON.parse((await keys(...args, "--json")).stdout);
  const sum = (key: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${stack.url}/requests/sum`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
      body: '{"a":2,"b":3}',
    });

  test("a key that is made while the Worker runs lets its owner in, up to the reply", async () => {
    const { code, stdout, stderr } = await keys("create", "--name", "billing", "--subject", "ada");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^rj_local_[1-9A-HJ-NP-Za-km-z]{8}_[1-9A-HJ-NP-Za-km-z]{44}\n$/)]);
    expect(stderr).toMatch(/^active .* billing\n.* subject ada .*\nKeep the key: /);
    expect(stderr).not.toContain(stdout.trim().slice(-44));
    const key = stdout.trim();
    const answered = await sum(key, { prefer: "wait=25" });
    expect([answered.status, await answered.json()]).toEqual([200, { sum: 5 }]);
    expect((await fetch(`${stack.url}/requests/sum`, { method: "POST" })).status).toBe(401);

    const listed = await keys("list");
    expect([listed.code, listed.stdout]).toEqual([0, expect.stringContaining(key.split("_")[2] as string)]);
    expect(listed.stdout).not.toContain(key.slice(-44));
  });

  test("a key does what its scopes say, and the command says which there are", async () => {
    const { key, scopes } = await made("create", "--scopes", "requests:sum");
    expect(scopes).toEqual(["requests:sum"]);
    const accepted = await sum(key);
    expect(accepted.status).toBe(202);
    const read = await fetch(stack.url + String(accepted.headers.get("location")), { headers: { authorization: `Bearer ${key}` } });
    expect(read.status).toBe(403);
    const { code, stdout, stderr } = await keys("create", "--scopes", "requests:summ");
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      expect.stringContaining("There is no scope requests:summ. Expected some of requests:*, "),
    ]);
  });

  test("with a key in REJOINDER_TOKEN the other calls of the command work, and without one they say what is missing", async () => {
    const { key } = await made("create");
    const variables = { REJOINDER_DIR: stack.dir, REJOINDER_TOKEN: key };
    const sent = await callCommand(["send", "sum", '{"a":2,"b":3}', "--json"], { variables });
    const { correlationId, reply } = JSON.parse(sent.stdout) as { correlationId: string; reply: unknown };
    expect([sent.code, reply]).toEqual([0, { sum: 5 }]);
    expect(JSON.parse((await callCommand(["status", correlationId], { variables })).stdout)).toEqual({ sum: 5 });
    const asStranger = { REJOINDER_DIR: stack.dir, REJOINDER_TOKEN: (await made("create")).key };
    for (const call of ["status", "cancel"])
      expect(await callCommand([call, correlationId], { variables: asStranger })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("UNKNOWN_CORRELATION_ID"),
      });
    const bare = await callCommand(["send", "sum", '{"a":2,"b":3}'], { variables: { REJOINDER_DIR: stack.dir } });
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining("UNAUTHENTICATED: ")]);
  });

  test("a rotated key goes on for its overlap, and a revoked one ends", async () => {
    const old = await made("create", "--expires", "90d");
    const next = await made("rotate", old.id, "--overlap", "2h");
    expect(next).toMatchObject({ subject: old.subject, scopes: old.scopes, state: "active" });
    expect([(await sum(old.key)).status, (await sum(next.key)).status]).toEqual([202, 202]);
    const replaced = JSON.parse((await keys("show", old.id, "--json")).stdout) as KeyView;
    expect(replaced).toMatchObject({ state: "replaced", replacedBy: next.id });
    expect(replaced.lastUsedOn).toMatch(/^\d{4}-\d\d-\d\d$/);

    const third = await made("rotate", next.id, "--overlap", "0s");
    expect([(await sum(next.key)).status, (await sum(third.key)).status]).toEqual([401, 202]);
    // As somebody does who has found a key where it should not be.
    expect((await keys("revoke", third.key)).code).toBe(0);
    expect((await sum(third.key)).status).toBe(401);
    const ids = (text: string) =>
      text
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as KeyView).id);
    expect(ids((await keys("list", "--json")).stdout)).not.toContain(third.id);
    expect(ids((await keys("list", "--all", "--json")).stdout)).toEqual(expect.arrayContaining([old.id, next.id, third.id]));
  });

  test("what cannot be done is said, with what to do", async () => {
    expect(await keys("show", "11111111")).toMatchObject({
      code: 2,
      stderr: "UNKNOWN_KEY: There is no API key 11111111. See: rejoinder keys list\n",
    });
    expect(await keys("show", "rj_local_secret")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Expected KEY to be the ID of a key/),
    });
    expect(await keys("list", "--url", "http://127.0.0.1:1")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("REPLY_SECRET is not set: "),
    });
    const variables = { REPLY_SECRET: stack.secrets.REPLY_SECRET };
    expect(await callCommand(["keys", "list", "--url", "http://127.0.0.1:1"], { variables })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("No Worker answers at http://127.0.0.1:1 "),
    });
    const wrong = { REPLY_SECRET: `whsec_${btoa("x".repeat(32))}` };
    expect(await callCommand(["keys", "list", "--url", stack.url], { variables: wrong })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("REPLY_SECRET differs from the Worker's"),
    });
  });

  test("nothing that the Worker writes holds a key: neither its log nor its files", async () => {
    const { key, id } = await made("create");
    await sum(key, { prefer: "wait=25" });
    const files = readdirSync(stack.dir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const kept = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1")).join("");
    expect(kept).toContain(id);
    expect(stack.output()).toContain("/requests/:operation");
    for (const text of [kept, stack.output()]) expect(text).not.toContain(key.slice(-44));
  });
});
