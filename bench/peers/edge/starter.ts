import { startSmallWorker } from "../small-worker.ts";

const SOURCE = {
  resolveDir: import.meta.dirname,
  contents: 'import { handleAtEdge } from "./worker.ts"; export { Mailbox } from "./worker.ts"; export default { fetch: handleAtEdge };',
};

/** Starts the Worker and its object in workerd, and says where it is. */
if (import.meta.main) {
  const { url } = await startSmallWorker(SOURCE, { durableObjects: { MAILBOX: { className: "Mailbox", useSQLite: true } } });
  process.send?.({ type: "ready", url });
}
