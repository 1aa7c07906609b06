/**
 * The conditions of package exports that this process was started with (`--conditions=…`, `-C …`), beside Node's own: what is bundled for the
 * Worker is then resolved as what runs here is.
 */
export const startedConditions = (execArgv: readonly string[] = process.execArgv): readonly string[] =>
  execArgv.flatMap((argument, index) => {
    const [, inline] = /^--conditions=(.+)$/.exec(argument) ?? [];
    if (inline !== undefined) return inline;
    return ["--conditions", "-C"].includes(argument) ? (execArgv[index + 1] ?? []) : [];
  });

/** The conditions of a Worker, as wrangler has them by default, after those of this process. */
export const workerConditions = (): readonly string[] => [...startedConditions(), "workerd", "worker", "browser"];
