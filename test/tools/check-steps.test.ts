import { build } from "esbuild";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { checkLockFile, checkNodeVersion, createCheckSteps, readAudit } from "../../tools/check-steps.ts";

const ONE_OPERATION = `
  import { defineContract, operation } from "@rejoinder/sdk/contract";
  import { defineWorker } from "@rejoinder/sdk/worker";
  import * as z from "zod";
  const contract = defineContract({ sum: operation({ request: z.object({ a: z.number(), b: z.number() }), reply: z.object({ sum: z.number() }) }) });
  const { worker, Mailbox } = defineWorker({ contract });
  export { Mailbox, worker as default };`;

/**
 * Workers must be small to start fast. Ten of them are Kafka's protocol, which a Worker behind a proxy carries too, ten describe the API, and
 * twelve are batches, lists and webhooks. Three are commands, and nine views: their object is a class of every Worker, since a bundler does not
 * know the contract.
 */
const MAX_WORKER_GZIP_BYTES = 149 * 1024;

test("the Worker of one operation is small enough to start fast", async () => {
  const { outputFiles } = await build({
    stdin: { contents: ONE_OPERATION, resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    conditions: ["@rejoinder/source", "workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
  });
  const bytes = gzipSync(outputFiles[0]?.contents ?? "").length;
  expect(bytes).toBeGreaterThan(1_024);
  expect(bytes).toBeLessThanOrEqual(MAX_WORKER_GZIP_BYTES);
});

test("the lock file names no registry", () => {
  expect(() => checkLockFile(readFileSync(join(ROOT, "package-lock.json"), "utf8"))).not.toThrow();
  expect(() => checkLockFile('{ "resolved": "https://registry.example/a.tgz" }')).toThrow("https://registry.example");
});

test("another Node than the pinned one is refused", () => {
  const packageJson = { devDependencies: { node: "24.1.0" } };
  expect(checkNodeVersion("24.1.0", packageJson)).toBe("v24.1.0");
  expect(() => checkNodeVersion("24.1.1", packageJson)).toThrow("Expected Node 24.1.0, which package.json pins, got 24.1.1");
});

test("the fast check leaves out only what takes long", () => {
  const names = (fast: boolean, withTests: boolean) => createCheckSteps({ fast, withTests }).map(({ name }) => name);
  expect(names(true, true)).toEqual(["node", "lock file", "format", "lint", "types", "documents", "tests"]);
  expect(names(false, true)).toEqual([...names(true, true), "audit", "packages", "deploy (dry run)", "deploy, production (dry run)"]);
  expect(names(false, false)).not.toContain("tests");
});

test("a dependency with a serious hole fails the check, and a registry that has no answer is named", () => {
  const report = (counts: object) => JSON.stringify({ vulnerabilities: { zod: {} }, metadata: { vulnerabilities: counts } }, null, 2);
  expect(readAudit(report({ low: 0, high: 0, critical: 0, total: 0 }))).toBe("nothing is known");
  expect(readAudit(report({ low: 2, high: 0, critical: 0, total: 2 }))).toBe("2 minor");
  expect(() => readAudit(report({ low: 0, high: 1, critical: 1, total: 2 }))).toThrow("2 packages have serious holes");
  expect(readAudit('{ "error": { "code": "E405" } }npm ended with 1')).toBe("SKIPPED: the registry does not answer");
});
