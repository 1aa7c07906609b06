import { bundleForWorkerd } from "../../cli/bundle.ts";
import { runWorker } from "../../cli/run-worker.ts";

const COUNTED = `
  import { fetchCounted, Mailbox } from "./counted/worker.ts";
  export const Local = { fetch: fetchCounted };
  export { Local as default, Mailbox };`;

/** The Worker of `npm start`, with the same variables and in the same runtime, which counts what it does. */
if (import.meta.main) {
  await runWorker(() => bundleForWorkerd({ resolveDir: import.meta.dirname, contents: COUNTED }));
  process.exit(0);
}
