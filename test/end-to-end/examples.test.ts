import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { launchBrowser } from "../helpers/browser.ts";
import { freePort } from "../helpers/processes.ts";
import { type Stack, startStack } from "../helpers/stack.ts";

let stack: Stack;
let pagePort: number;
beforeAll(async () => {
  pagePort = await freePort();
  stack = await startStack({ CORS_ORIGINS: `http://localhost:${pagePort}` });
});
afterAll(() => stack?.remove());

const run = async (program: string, ...args: string[]): Promise<string[]> =>
  (await promisify(execFile)(program, args, { cwd: ROOT })).stdout.trim().split("\n");

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

test.skipIf(!hasCurl)("the curl example prints the sum, and the status with the report", async () => {
  const [sum = "", status = ""] = await run("sh", "examples/curl.sh", stack.url);
  expect(JSON.parse(sum)).toEqual({ sum: 5 });
  expect(JSON.parse(status)).toMatchObject({ operation: "report", state: "succeeded", reply: { total: 12 } });
});

test("the Node example prints the states on the way, and the total", async () => {
  const lines = await run(process.execPath, "--conditions=@rejoinder/source", "examples/report.ts", stack.url);
  expect(lines).toEqual(["accepted (version 0)", "processing (version 1)", "succeeded (version 2)", "Total 14; 2026-01: 12, 2026-02: 2"]);
});

test("the countdown example prints each number, and how many there were", async () => {
  const lines = await run(process.execPath, "--conditions=@rejoinder/source", "examples/countdown.ts", stack.url);
  expect(lines).toEqual(["9", "8", "7", "6", "5", "4", "3", "2", "1", "0", "Counted 10."]);
});

test("the countdown example is cancelled by Ctrl+C, and says so", async () => {
  const example = spawn(process.execPath, ["--conditions=@rejoinder/source", join(ROOT, "examples/countdown.ts"), stack.url], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(example, "exit");
  let complaint = "";
  example.stderr.on("data", (data: Buffer) => (complaint += data.toString()));
  await once(createInterface(example.stdout), "line");
  example.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
  expect(complaint).toContain("The request was cancelled");
});

test("the page example shows the total, though it is loaded anew meanwhile", async () => {
  const server = spawn(process.execPath, [join(ROOT, "examples/page/serve.ts"), stack.url, String(pagePort)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void server.kill());
  const [url] = (await once(createInterface(server.stdout), "line")) as [string];
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  await page.getByRole("button", { name: "Order a report" }).click();
  const output = page.locator("output");
  await expect.poll(() => output.textContent(), { timeout: 30_000 }).toContain("accepted");
  await page.reload();
  await expect.poll(() => output.textContent(), { timeout: 30_000 }).toBe("The total is 12.");
});
