import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { buildClientPackage } from "../../tools/client-package.ts";
import { useConsole } from "./opened-page.ts";

const { open } = useConsole();
const run = promisify(execFile);

test("what went over the wire is shown: headers and bodies of each exchange", async () => {
  const { page, reach, send } = await open();
  await send("sum", '{"a": 2, "b": 40}');
  await reach("succeeded");
  const exchanges = page.locator(".exchanges details");
  expect(await exchanges.locator("summary").allTextContents()).toEqual([
    expect.stringMatching(/^POST \/requests\/sum202\+\d+ ms, took [\d.]+ m?s$/),
    expect.stringMatching(/^GET \/status\/.{8}…200\+/),
  ]);
  await exchanges.first().locator("summary").click();
  const sent = await exchanges.first().getByLabel("Request as it was sent").textContent();
  const trace = await page.locator(".ids dd code").last().textContent();
  expect(sent).toContain("content-type: application/json");
  expect(sent).toContain(`traceparent: 00-${trace}-`);
  expect(sent).toMatch(/\n\n\{"a":2,"b":40\}$/);
  expect(await exchanges.first().getByLabel("Answer as it came").textContent()).toMatch(/^HTTP 202\n[^]*location: \/status\//);
  expect(await exchanges.nth(1).getByLabel("Request as it was sent").textContent()).toContain('if-none-match: "0"');
  expect(await exchanges.nth(1).getByLabel("Answer as it came").textContent()).toContain('"reply":{"sum":42}');
});

const copied = async (page: Awaited<ReturnType<typeof open>>["page"], name: string): Promise<string> => {
  await page.getByRole("button", { name }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  return page.evaluate("navigator.clipboard.readText()");
};

test("a copied curl command does the same", async () => {
  const { page, reach, send } = await open();
  await send("echo", JSON.stringify('it\'s "quoted" $HOME `ls`'));
  await reach("succeeded");
  const command = await copied(page, "Copy as curl");
  const { stdout } = await run("sh", ["-c", command.replace("curl", "curl --silent")]);
  expect(JSON.parse(stdout)).toBe('it\'s "quoted" $HOME `ls`');
});

test("copied code does the same", async ({ onTestFinished }) => {
  const { page, reach, send } = await open();
  await send("sum", '{"a": 2, "b": 40}');
  await reach("succeeded");
  const directory = mkdtempSync(join(tmpdir(), "rejoinder-copied-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const sdk = join(directory, "node_modules/@rejoinder/sdk");
  await buildClientPackage(join(sdk, "client"));
  writeFileSync(join(sdk, "package.json"), JSON.stringify({ type: "module", exports: { "./client": "./client/index.js" } }));
  writeFileSync(join(directory, "copied.mjs"), await copied(page, "Copy as code"));
  expect((await run(process.execPath, ["copied.mjs"], { cwd: directory })).stdout).toBe("{ sum: 42 }\n");
});

test("where a page may not copy, the text is shown to be copied by hand", async () => {
  const { page, reach, send } = await open({ permissions: [] });
  await page.evaluate(`navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"))`);
  await send("sum");
  await reach("succeeded");
  await page.getByRole("button", { name: "Copy as curl" }).click();
  expect(await page.locator("pre.copy").textContent()).toMatch(/^curl 'http/);
});
