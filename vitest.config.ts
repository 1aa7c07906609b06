import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const node = { environment: "node" as const };

export default defineConfig({
  test: {
    reporters: ["default", "./test/helpers/reporter.ts"],
    projects: [
      {
        test: {
          ...node,
          name: "unit",
          include: ["test/{protocol,contract,environment,gateway,consumer,start,bench,house}/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: inject<Record<string, string>>("workerBindings") },
          })),
        ],
        test: {
          name: "workerd",
          include: ["test/worker/**/*.test.ts"],
          globalSetup: ["./test/helpers/worker-setup.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          ...node,
          name: "end-to-end",
          include: ["test/{end-to-end,console}/**/*.test.ts"],
          // Each starts processes of its own: one file after another, so that they do not fight for two cores.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
