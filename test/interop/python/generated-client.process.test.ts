import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stack, startStack } from "../../helpers/stack.ts";
import { providePython } from "./python.ts";

const { isMissing, run } = await providePython();

describe.skipIf(isMissing)("a client that openapi-python-client generates from /openapi.json", () => {
  let stack: Stack;
  let directory: string;
  beforeAll(async () => {
    stack = await startStack({}, { host: "node" });
    directory = mkdtempSync(join(tmpdir(), "rejoinder-python-"));
    const file = join(directory, "openapi.json");
    writeFileSync(file, await (await fetch(`${stack.url}/openapi.json`)).text());
    const generate = ["-m", "openapi_python_client", "generate", "--path", file, "--meta", "none", "--output-path"];
    const { code, output } = await run([...generate, join(directory, "generated")], { timeoutMs: 60_000, cwd: directory });
    expect(code, output).toBe(0);
    copyFileSync(join(import.meta.dirname, "call_sum.py"), join(directory, "call_sum.py"));
  }, 120_000);
  afterAll(async () => {
    await stack?.remove();
    if (directory !== undefined) rmSync(directory, { recursive: true });
  }, 60_000);

  test("has the sum of two numbers answered by the application, with types", async () => {
    const { code, output } = await run([join(directory, "call_sum.py"), stack.url, "", "2", "3"], { timeoutMs: 60_000, cwd: directory });
    expect(code, output).toBe(0);
    expect(JSON.parse(output)).toEqual({ sum: 5 });
  });
});
