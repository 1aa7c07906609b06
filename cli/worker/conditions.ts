/** Of Node and of bundlers: a test runner starts its processes with some of them, and a Worker is something else. */
const STANDARD = new Set([
  "node",
  "node-addons",
  "import",
  "require",
  "module",
  "module-sync",
  "default",
  "development",
  "production",
  "browser",
]);

/**
 * The conditions of package exports that somebody chose for this process (`--conditions=…`, `-C …`): what is bundled for the Worker is then
 * resolved as what runs here is.
 */
export const chosenConditions = (execArgv: readonly string[] = process.execArgv): readonly string[] =>
  execArgv
    .flatMap((argument, index) => {
      const [, inline] = /^--conditions=(.+)$/.exec(argument) ?? [];
      if (inline !== undefined) return inline;
      return ["--conditions", "-C"].includes(argument) ? (execArgv[index + 1] ?? []) : [];
    })
    .filter((condition) => !STANDARD.has(condition));

/** The conditions of a Worker, as wrangler has them by default, after those of this process. */
export const workerConditions = (): readonly string[] => [...chosenConditions(), "workerd", "worker", "browser"];
