/** The parent of this process is gone. */
type Reason = NodeJS.Signals | "the parent is gone";

/**
 * Resolves with the reason when this process is to end: at SIGINT, SIGTERM or SIGHUP, and with `exitWithParent` when the process that
 * forked it is gone. `onAgain` is called when the same signal comes again: somebody is in a hurry. (Another one may come from somebody
 * who cannot know: Ctrl-C reaches the whole group of processes, and whoever started this one signals too.)
 */
export const untilShutdown = ({ exitWithParent, onAgain }: { readonly exitWithParent: boolean; onAgain?(): void }): Promise<Reason> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        process.on(signal, () => onAgain?.());
        resolve(signal);
      });
    }
    if (!exitWithParent || process.send === undefined) return;
    if (process.connected) process.once("disconnect", () => resolve("the parent is gone"));
    else resolve("the parent is gone");
  });
