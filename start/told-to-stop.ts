/**
 * Resolves when this process is to end: at SIGINT, SIGTERM or SIGHUP, and with `exitWithParent` when the process that forked it is gone.
 * `onAgain` is called when the same signal comes again: somebody is in a hurry. (Another one may come from somebody who cannot know.)
 */
export const untilToldToStop = ({ exitWithParent, onAgain }: { readonly exitWithParent: boolean; onAgain?(): void }): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        process.on(signal, () => onAgain?.());
        resolve();
      });
    }
    if (!exitWithParent || process.send === undefined) return;
    if (process.connected) process.once("disconnect", resolve);
    else resolve();
  });
