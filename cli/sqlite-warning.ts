/** Node 22 warns of node:sqlite, which holds the gateway's log, at each start. Nobody need wonder what it means; all other warnings are shown. */
export const hideSqliteWarning = (platform: Pick<NodeJS.Process, "emitWarning">): void => {
  const emitWarning = platform.emitWarning.bind(platform) as (...warning: readonly unknown[]) => void;
  platform.emitWarning = (...warning: readonly unknown[]): void => {
    if (!String(warning[0]).startsWith("SQLite is an experimental feature")) emitWarning(...warning);
  };
};
