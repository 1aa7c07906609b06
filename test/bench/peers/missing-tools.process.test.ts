import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../../tools/root.ts";

test("without Java nothing is measured side by side, and the run says so and what it takes", async () => {
  const empty = await mkdtemp(join(tmpdir(), "rejoinder-no-java-"));
  onTestFinished(() => rm(empty, { recursive: true }));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@rejoinder/source", join(ROOT, "tools/run.js"), "bench", "--quick", "--only", "peers"],
    { env: { HOME: process.env["HOME"], TMPDIR: process.env["TMPDIR"], PATH: empty } },
  );
  expect(stderr).toContain("NOT MEASURED side by side: The broker ended");
  expect(stderr).toContain("It takes a JDK of Java 17 and Maven.");
  expect(stdout).not.toContain("written");
});
