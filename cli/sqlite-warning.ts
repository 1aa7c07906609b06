/** Hides Node 22's warning about node:sqlite, which holds the gateway's log. All other warnings are shown. */
export const hideSqliteWarning = (platform: Pick<NodeJS.Process, "emitWarning">): void => {
  const emitWarning = platform.emitWarning.bind(platform) as (...warning: readonly unknown[]) => void;
  platform.emitWarning = (...warning: readonly unknown[]): void => {
    if (!String(warning[0]).startsWith("SQLite is an experimental feature")) emitWarning(...warning);
  };
};
