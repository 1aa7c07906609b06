/**
 * Resolves when this process is to end: at SIGINT, SIGTERM or SIGHUP, and with `exitWithParent` when the process that forked it is gone.
 * `onAgain` is called at every later signal: somebody is in a hurry.
 */
export const untilToldToStop = ({ exitWithParent, onAgain }: { readonly exitWithParent: boolean; onAgain?(): void }): Promise<void> =>
  new Promise((resolve) => {
    let told = false;
    const tell = (): void => {
      if (told) onAgain?.();
      told = true;
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, tell);
    if (!exitWithParent || process.send === undefined) return;
    if (process.connected) process.once("disconnect", tell);
    else tell();
  });
