import { rmSync } from "node:fs";

/**
 * Forked beside the JVMs of a cluster, which it ends when whoever started them is gone without having ended them: a process that is killed
 * cannot, but its end closes the channel of this one.
 */
export type OrphanWatchMessage = { readonly started: number } | { readonly ended: number };

if (import.meta.main) {
  const folder = process.argv[2] as string;
  const pids = new Set<number>();
  // What is meant for the parent, such as Ctrl-C in its terminal, must not end the watch before it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("message", (message: OrphanWatchMessage) => {
    if ("started" in message) pids.add(message.started);
    else pids.delete(message.ended);
  });
  process.on("disconnect", () => {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });
}
