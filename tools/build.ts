import { buildConsole } from "./console-build.ts";
import { buildLibrary } from "./library-build.ts";

// With --console only what a start of the sources serves.
const started = performance.now();
if (!process.argv.includes("--console")) await buildLibrary();
await buildConsole();
console.log(`built dist in ${Math.round(performance.now() - started)} ms`);
