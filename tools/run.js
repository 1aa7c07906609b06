import { expectNode } from "../cli/node-version.js";

expectNode();

const PROGRAMS = {
  build: "./build.ts",
  "build-client": "./build-client.ts",
  "build-create": "./build-create.ts",
  check: "./check.ts",
  bench: "../bench/main.ts",
};

const name = process.argv[2] ?? "";
if (!Object.hasOwn(PROGRAMS, name)) {
  console.error(`Expected one of ${Object.keys(PROGRAMS).join(", ")}, got ${JSON.stringify(name)}.`);
  process.exit(1);
}
await import(PROGRAMS[name]);
