import { buildConsole } from "./console-build.ts";

const started = performance.now();
await buildConsole();
console.log(`built dist/console in ${Math.round(performance.now() - started)} ms`);
