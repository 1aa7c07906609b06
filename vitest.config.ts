import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { readFileSync } from "node:fs";

/** What tests start and bundle has the library as its sources, too. */
const node = { environment: "node" as const, execArgv: ["--conditions=@rejoinder/source"] };

type Targets = string | { readonly [condition: string]: Targets };
type PackageJson = { readonly name: string; readonly exports: Readonly<Record<string, Targets>> };
const packageJson = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as PackageJson;

/** Where the first condition that holds leads. */
const targetOf = (targets: Targets | undefined, conditions: readonly string[]): string | undefined => {
  if (typeof targets !== "object") return targets;
  const condition = Object.keys(targets).find((name) => conditions.includes(name));
  return condition === undefined ? undefined : targetOf(targets[condition], conditions);
};

/** The library by its public name is its sources, those for this runtime. */
const sourcesFor = (runtime: "node" | "workerd") => ({
  alias: Object.entries(packageJson.exports).flatMap(([path, targets]) => {
    const source = typeof targets === "object" ? targetOf(targets["@rejoinder/source"], [runtime, "default"]) : undefined;
    if (source === undefined) return [];
    return { find: new RegExp(`^${path.replace(".", packageJson.name)}$`), replacement: fileURLToPath(new URL(source, import.meta.url)) };
  }),
});
const resolve = sourcesFor("node");

/** Of tests that wait for real processes on a machine that may be busy with others: what passes only the second time is named in the output. */
const again = { retry: 1 };

/** What a Worker does on any host. */
const onEachHost = [
  "test/worker/*.test.ts",
  "test/worker/{description,identity,limits,link,mailbox,producers,routes,stores,views,webhooks}/**/*.test.ts",
];

export default defineConfig({
  test: {
    reporters: ["default", "./test/helpers/reporter.ts"],
    projects: [
      {
        resolve,
        test: {
          ...node,
          name: "unit",
          // Tests wait for one another's processes and sockets more than for the processor.
          maxWorkers: 4,
          include: [
            "test/{protocol,contract,environment,storage,kafka,gateway,consumer,client,examples,cli,create,tools,bench,house}/**/!(*.process|*.kafka).test.ts",
            "test/console/*/**/*.test.ts",
          ],
          testTimeout: 20_000,
          // Modules here have no state of their own, so files need no worker of their own.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve: sourcesFor("workerd"),
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./test/project/wrangler.toml" },
            miniflare: { bindings: inject<Record<string, string>>("workerBindings") },
          })),
        ],
        test: {
          name: "workerd",
          maxWorkers: 4,
          include: [...onEachHost, "test/worker/hosts/cloudflare/**/*.test.ts"],
          globalSetup: ["./test/helpers/worker-setup.ts"],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve: {
          alias: [
            ...resolve.alias,
            // The suites of every host ask for the one of Cloudflare.
            {
              find: /^.*\/hosts\/cloudflare\/test-host\.ts$/,
              replacement: fileURLToPath(new URL("test/worker/hosts/node/test-host.ts", import.meta.url)),
            },
          ],
        },
        test: {
          ...node,
          name: "node-host",
          maxWorkers: 4,
          include: [...onEachHost, "test/worker/hosts/node/**/!(*.process|*.kafka).test.ts"],
          globalSetup: ["./test/helpers/worker-setup.ts"],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        test: {
          ...node,
          ...again,
          // Starts, kills and waits for processes, each file its own: too slow for every commit.
          name: "processes",
          include: ["test/**/*.process.test.ts"],
          globalSetup: ["./test/helpers/console-setup.ts"],
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve,
        test: {
          ...node,
          ...again,
          // One broker of Apache Kafka for all of them, on Java; some start clusters of their own.
          name: "kafka",
          include: ["test/**/*.kafka.test.ts"],
          globalSetup: ["./test/helpers/console-setup.ts", "./test/kafka/broker/global-setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        test: {
          ...node,
          ...again,
          name: "end-to-end",
          include: ["test/app.test.ts", "test/end-to-end/**/!(*.kafka).test.ts", "test/console/*.test.ts"],
          // Each starts all processes of its own: one file after another, so that they do not fight for two cores.
          globalSetup: ["./test/helpers/console-setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
