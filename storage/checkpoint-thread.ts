// Runs in a thread of its own. Copies the write-ahead log into the file while the main thread goes on writing. It blocks nobody, and
// leaves out what is written meanwhile.
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

const { file } = workerData as { readonly file: string };
const database = new DatabaseSync(file);
database.exec("PRAGMA synchronous = NORMAL");
const checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");

parentPort?.on("message", (message: "checkpoint" | "close") => {
  if (message === "close") {
    database.close();
    parentPort?.close();
    return;
  }
  try {
    checkpoint.get();
    parentPort?.postMessage(undefined);
  } catch (error) {
    parentPort?.postMessage((error as Error).message);
  }
});
