import { expectNode } from "./node-version.js";

expectNode();

const PROGRAMS = {
  start: "./start.ts",
  dev: "./dev.ts",
  "check-proxy": "./check-proxy.ts",
  worker: "./worker.ts",
  "worker-dev": "./worker-dev.ts",
  gateway: "../gateway/main.ts",
  consumer: "./consumer.ts",
};

const name = process.argv[2] ?? "";
if (!Object.hasOwn(PROGRAMS, name)) {
  console.error(`Expected one of ${Object.keys(PROGRAMS).join(", ")}, got ${JSON.stringify(name)}.`);
  process.exit(1);
}
await import(PROGRAMS[name]);
