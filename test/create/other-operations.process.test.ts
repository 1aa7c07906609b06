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

test("with other operations in app/ everything else still passes its fast check", { timeout: 300_000 }, async () => {
  const checkout = copyCheckout();
  const temporary = mkdtempSync(join(tmpdir(), "rejoinder-other-"));
  onTestFinished(() => {
    checkout.remove();
    rmSync(temporary, { recursive: true, force: true });
  });
  checkout.write("app/contract.ts", CONTRACT);
  checkout.write("app/consumer.ts", CONSUMER);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|TEST_SUMMARY_FILE)/.test(name));
  const output = await runProgram("npm", ["run", "check:fast"], {
    cwd: checkout.directory,
    environment: { ...Object.fromEntries(inherited), TMPDIR: temporary },
  });
  expect(output).toMatch(/ok +tests .* 0 failed/);
});
