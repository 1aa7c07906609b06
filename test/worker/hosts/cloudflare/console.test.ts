import { env } from "cloudflare:workers";
import { expect, onTestFinished, test, vi } from "vitest";
import { contract } from "../../../project/app/contract.ts";
import { CONSOLE_PATHS } from "../../../../worker/console.ts";
import { defineWorker } from "../../../../worker/define-worker.ts";

test("a console that is on and has no files tells the log so, once", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const { worker } = defineWorker({ contract });
  const variables = { ...env, CONSOLE: "on", ASSETS: undefined };
  for (const path of CONSOLE_PATHS) expect((await worker.fetch(new Request(`https://api.example${path}`), variables)).status).toBe(404);
  expect(warn.mock.calls).toEqual([[expect.stringContaining("Add [assets] with binding ASSETS to wrangler.toml.")]]);
});
