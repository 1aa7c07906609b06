import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { buildClientPackage } from "../../tools/client-package.ts";
import { pending, scriptedServer, succeeded } from "./scripted-server.ts";

const run = promisify(execFile);

/** A project of somebody else, with the package among its modules. */
let project: string;
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "rejoinder-package-"));
  await buildClientPackage(join(project, "node_modules/@rejoinder/client"));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const compile = (source: string): Promise<{ stdout: string }> => {
  writeFileSync(join(project, "app.ts"), source);
  const options = ["--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom", "--types", ""];
  return run(process.execPath, [join(ROOT, "node_modules/.bin/tsc"), ...options, "app.ts"], { cwd: project });
};

test("somebody else's TypeScript finds the package's types, compiles, and gets a reply", async () => {
  const server = await scriptedServer(pending(), succeeded({ sum: 5 }));
  await compile(`
    import { createClient, type ClientContract } from "@rejoinder/client";
    type Schema<T> = { "~standard": { validate: (value: unknown) => { value: T }; types?: { input: T; output: T } } };
    type Contract = ClientContract & { sum: { request: Schema<{ a: number; b: number }>; reply: Schema<{ sum: number }> } };
    const client = createClient<Contract>({ url: ${JSON.stringify(server.url)} });
    const reply = await client.request("sum", { a: 2, b: 3 });
    const sum: number = reply.sum;
    console.log(JSON.stringify({ sum }));
  `);
  expect(JSON.parse((await run(process.execPath, ["app.js"], { cwd: project })).stdout)).toEqual({ sum: 5 });
});

test("the package's types refuse what the client does not take", async () => {
  const compiled = compile(`import { createClient } from "@rejoinder/client"; createClient({ uri: "http://localhost" });`);
  await expect(compiled).rejects.toMatchObject({ stdout: expect.stringContaining("'uri' does not exist in type") });
});
