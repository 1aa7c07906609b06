import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readOrCreateSecrets } from "../../../cli/start/secrets.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-secrets-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("the first start makes secrets, and the next ones use the same", () => {
  const secrets = readOrCreateSecrets(directory);
  expect(secrets.CORRELATION_SECRET).toMatch(/^1:[\w-]{43}$/);
  expect(Buffer.from(secrets.REPLY_SECRET.replace(/^whsec_/, ""), "base64")).toHaveLength(32);
  expect(readOrCreateSecrets(directory)).toEqual(secrets);
});

test("two checkouts have different secrets", () => {
  const other = mkdtempSync(join(tmpdir(), "rejoinder-secrets-"));
  try {
    const [mine, theirs] = [readOrCreateSecrets(directory), readOrCreateSecrets(other)];
    for (const name of ["CORRELATION_SECRET", "REPLY_SECRET", "gatewayPassword"] as const) expect(mine[name]).not.toBe(theirs[name]);
  } finally {
    rmSync(other, { recursive: true });
  }
});

test("only their owner can read the secrets", () => {
  readOrCreateSecrets(directory);
  expect(statSync(join(directory, "secrets.json")).mode & 0o777).toBe(0o600);
});

test.each(["", "{", "[]", '{"CORRELATION_SECRET":"1:x"}'])(
  "a file that holds no secrets (%s) is named, and what deleting it means",
  (text) => {
    writeFileSync(join(directory, "secrets.json"), text);
    expect(() => readOrCreateSecrets(directory)).toThrow(/secrets\.json does not contain .* Delete it/);
  },
);
