import { parseArgs } from "node:util";
import { ConfigurationError } from "../environment/environment.ts";

/**
 * The path through all processes, the gateway alone, the gateway on a Kafka cluster, the path beside what does the same in other ways, what
 * the path holds, and what it costs.
 */
export const SECTIONS = ["path", "gateway", "kafka", "peers", "capacity", "costs"] as const;

export type SectionName = (typeof SECTIONS)[number];

export type Arguments = {
  readonly quick: boolean;
  readonly sections: readonly SectionName[];
  /** What the results are written to, in the folder of results. Numbers of a quick run never replace those to be quoted. */
  readonly fileName: string;
  /** What the plot is written to, from the checkout's folder: a whole run draws the one to be shown. */
  readonly plotPath: string;
};

/** Reads `--quick` and `--only path|gateway|kafka|peers|capacity|costs`. @throws ConfigurationError saying what is expected. */
export const readArguments = (args: readonly string[]): Arguments => {
  const { quick, only } = parse(args);
  const section = SECTIONS.find((name) => name === only);
  if (only !== undefined && section === undefined)
    throw new ConfigurationError([`Expected --only to be one of ${SECTIONS.join(", ")}, got ${JSON.stringify(only)}.`]);
  const name = quick ? "quick" : (section ?? "latest");
  return {
    quick,
    sections: section === undefined ? SECTIONS : [section],
    fileName: `${name}.json`,
    plotPath: name === "latest" ? "docs/images/bench.svg" : `bench/results/${name}.svg`,
  };
};

const parse = (args: readonly string[]) => {
  try {
    const options = { quick: { type: "boolean", default: false }, only: { type: "string" } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new ConfigurationError([`Expected --quick, --only with one of ${SECTIONS.join(", ")}, or nothing: ${(error as Error).message}.`]);
  }
};
