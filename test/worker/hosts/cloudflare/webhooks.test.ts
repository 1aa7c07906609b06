import { expect, test } from "vitest";
import { readWorkerConfig } from "../../../../worker/config.ts";
import { openWebhooks } from "../../../../worker/hosts/cloudflare/webhooks.ts";
import { contract } from "../../../project/app/contract.ts";
import { host } from "./test-host.ts";

test("a Worker with webhooks is refused at its start if these could reach what is behind its own zone", () => {
  const config = readWorkerConfig(host.variables, contract);
  expect(() => openWebhooks(config, {})).toThrow('Add to wrangler.toml: compatibility_flags = ["global_fetch_strictly_public"]');
  expect(openWebhooks(config, { global_fetch_strictly_public: true })).toBeDefined();
  expect(openWebhooks({ ...config, WEBHOOK_SECRET: undefined, WEBHOOK_SIGNING_KEY: undefined }, {})).toBeUndefined();
});

test("the Worker of this project has that flag", async () => {
  expect(await host.openWebhooks()).toBeDefined();
});
