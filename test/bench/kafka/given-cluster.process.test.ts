import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ROOT } from "../../../tools/root.ts";

test("a cluster that does not answer is told in a sentence that names the variable, and nothing is measured", async () => {
  const run = promisify(execFile)(
    process.execPath,
    ["--conditions=@rejoinder/source", join(ROOT, "tools/run.js"), "bench", "--quick", "--only", "kafka"],
    {
      env: { ...process.env, KAFKA_BROKERS: "127.0.0.1:1" },
    },
  );
  const { code, stdout, stderr } = await run.then(
    () => ({ code: 0, stdout: "", stderr: "" }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/\n {2}- KAFKA_BROKERS: .*127\.0\.0\.1:1/);
  expect(stderr).not.toContain("    at ");
  expect(stdout).not.toContain("written");
});
