import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildConsole } from "../../tools/console-build.ts";
import { useConsole } from "./opened-page.ts";

const MAX_GZIP_BYTES = 57 * 1024;

const { open, stack } = useConsole();

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-console-"));
  await buildConsole(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

test("the page is small, all in all", () => {
  // The reference of the API is a page of its own.
  const files = readdirSync(directory).filter((file) => !file.startsWith("docs."));
  const bytes = files.map((file) => gzipSync(readFileSync(join(directory, file))).length);
  expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(MAX_GZIP_BYTES);
});

test("the page loads nothing from anywhere else, and makes no code of text", async () => {
  const opened = await open();
  const origins = new Set<string>();
  opened.page.on("request", (request) => origins.add(new URL(request.url()).origin));
  await opened.page.reload();
  await opened.page.locator(".plot canvas").nth(2).waitFor();
  expect([...origins]).toEqual([stack().url]);
  expect(opened.complaints).toEqual([]);
  expect(readFileSync(join(directory, "index.html"), "utf8")).not.toMatch(/<style|style="|<script>|onclick/);
});
