import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runProgram } from "../../tools/program.ts";
import { copyCheckout } from "../helpers/checkout.ts";

const CONTRACT = `import { defineContract, operation } from "@rejoinder/sdk/contract";
import * as z from "zod";

/** What a library of books can be asked. */
export const contract = defineContract({
  "find-book": operation({
    request: z.strictObject({ isbn: z.string() }).meta({ examples: [{ isbn: "978-3-16-148410-0" }] }),
    reply: z.strictObject({ title: z.string() }),
  }),
});
`;

const CONSUMER = [
  'import { defineConsumer } from "@rejoinder/sdk/consumer";',
  'import { contract } from "./contract.ts";',
  "",
  'export default defineConsumer({ contract, handlers: { "find-book": ({ isbn }) => ({ title: `Book ${isbn}` }) } });',
  "",
].join("\n");

/** Those that run the application, or read files of it. No other fast test imports any. */
const TESTS = ["test/app.test.ts", "test/house", "test/tools", "test/cli/project.test.ts"];

test("with other operations in app/ the checks and the tests that see it still pass", { timeout: 600_000, retry: 0 }, async () => {
  const checkout = copyCheckout();
  const temporary = mkdtempSync(join(tmpdir(), "rejoinder-other-"));
  onTestFinished(() => {
    checkout.remove();
    rmSync(temporary, { recursive: true, force: true });
  });
  checkout.write("app/contract.ts", CONTRACT);
  checkout.write("app/consumer.ts", CONSUMER);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|TEST_SUMMARY_FILE)/.test(name));
  const environment = { ...Object.fromEntries(inherited), TMPDIR: temporary };
  const run = (program: string, args: readonly string[]): Promise<string> =>
    runProgram(program, args, { cwd: checkout.directory, environment });
  expect(await run("npm", ["run", "check:fast", "--", "--without-tests"])).toMatch(/ok +types/);
  expect(await run("npx", ["vitest", "run", ...TESTS])).toMatch(/[1-9]\d* passed, 0 failed/);
});
