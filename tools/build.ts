import { buildConsole } from "../cli/bundle.ts";

const started = performance.now();
const paths = await buildConsole();
console.log(`built dist/console (${paths.length} files) in ${Math.round(performance.now() - started)} ms`);
