import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stack, startStack } from "../../helpers/stack.ts";
import { providePython } from "./python.ts";

const { isMissing, run } = await providePython();

/** The same calls each time. */
const SEED = "17";
const MAX_MS = 150_000;

describe.skipIf(isMissing)("Schemathesis, which makes thousands of calls of /openapi.json", () => {
  let stack: Stack;
  /** Where it keeps what it has found: nothing, so that the next run makes the same calls. */
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "rejoinder-schemathesis-"));
    stack = await startStack({}, { host: "node" });
  }, 60_000);
  afterAll(async () => {
    await stack?.remove();
    rmSync(directory, { recursive: true });
  }, 60_000);

  test(
    "finds no error of the server, and no answer that the document does not have",
    async () => {
      const { code, output } = await run(
        [
          ...[
            "-m",
            "schemathesis.cli",
            "--config-file",
            join(import.meta.dirname, "schemathesis.toml"),
            "run",
            `${stack.url}/openapi.json`,
            "--no-color",
          ],
          ...["--seed", SEED, "--generation-database", "none", "--phases", "examples,coverage,fuzzing", "--max-examples", "10"],
          ...["--continue-on-failure", "--request-timeout", "10"],
          // It would read a stream of events to its end, and wait for each request.
          ...["--header", "Accept: application/json", "--header", "Prefer: wait=0"],
          // A WebSocket.
          ...["--exclude-path", "/link/{shard}"],
        ],
        { timeoutMs: MAX_MS, cwd: directory, variables: { SCHEMATHESIS_HOOKS: join(import.meta.dirname, "hooks.py") } },
      );
      expect(code, output).toBe(0);
      expect(Number(/(\d+) generated/.exec(output)?.[1]), output).toBeGreaterThan(1_000);
    },
    MAX_MS + 10_000,
  );
});
