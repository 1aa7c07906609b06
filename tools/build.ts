import { cp, rm } from "node:fs/promises";
import { buildConsole } from "../cli/bundle.ts";
import { ROOT } from "./root.ts";

const started = performance.now();
await buildConsole();
// Where wrangler.toml looks for it, in this project as in any other.
await rm(`${ROOT}.rejoinder/console`, { recursive: true, force: true });
await cp(`${ROOT}dist/console`, `${ROOT}.rejoinder/console`, { recursive: true });
console.log(`built dist/console in ${Math.round(performance.now() - started)} ms`);
