import { buildConsole } from "./console-build.ts";
import { buildLibrary } from "./library-build.ts";

const started = performance.now();
await buildLibrary();
await buildConsole();
console.log(`built dist in ${Math.round(performance.now() - started)} ms`);
