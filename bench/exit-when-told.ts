import { untilShutdown } from "../environment/shutdown-signal.ts";

/** For a process that is there for whoever forked it: cleans up and exits once it is told to end, or that one is gone. */
export const exitWhenTold = (cleanUp: () => Promise<unknown> = async () => {}): void => {
  void untilShutdown({ exitWithParent: true })
    .then(cleanUp)
    .then(() => process.exit());
};
