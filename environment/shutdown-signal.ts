/** The parent of this process is gone. */
type Reason = NodeJS.Signals | "the parent is gone";

/** How often to look whether the parent is still there, where nothing tells of its end. */
const LOOK_EVERY_MS = 200;

/**
 * Resolves with the reason when this process is to end: at SIGINT, SIGTERM or SIGHUP, and with `exitWithParent` when the process that
 * started it is gone. `onAgain` is called when the same signal comes again: somebody is in a hurry. (Another one may come from somebody
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
    if (exitWithParent) onParentGone(() => resolve("the parent is gone"));
  });

/** A parent that forked this process holds a channel to it. Any other one is gone once the system gives this process another parent. */
const onParentGone = (callback: () => void): void => {
  if (process.send !== undefined) {
    if (process.connected) process.once("disconnect", callback);
    else callback();
    return;
  }
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    callback();
  }, LOOK_EVERY_MS);
  looking.unref();
};
