import { startSmallWorker } from "../small-worker.ts";

const SOURCE = {
  resolveDir: import.meta.dirname,
  contents: 'import { handleAtEdge } from "./worker.ts"; export default { fetch: handleAtEdge };',
};

/** Starts the Worker in workerd, and says where it is. */
if (import.meta.main) {
  const { url } = await startSmallWorker(SOURCE, {});
  process.send?.({ type: "ready", url });
}
