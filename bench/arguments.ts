import { parseArgs } from "node:util";

/** The main path through all processes, the gateway alone, and both on a Kafka cluster. */
export const SECTIONS = ["path", "gateway", "kafka"] as const;

export type SectionName = (typeof SECTIONS)[number];

export type Arguments = {
  readonly quick: boolean;
  readonly sections: readonly SectionName[];
  /** What the results are written to. Numbers of a quick run never replace those to be quoted. */
  readonly fileName: string;
};

/** Reads `--quick` and `--only path|gateway|kafka`. @throws TypeError saying what is expected. */
export const readArguments = (args: readonly string[]): Arguments => {
  const { quick, only } = parseArgs({
    args: [...args],
    options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
  }).values;
  const section = SECTIONS.find((name) => name === only);
  if (only !== undefined && section === undefined)
    throw new TypeError(`Expected --only to be one of ${SECTIONS.join(", ")}, got ${JSON.stringify(only)}`);
  return { quick, sections: section === undefined ? SECTIONS : [section], fileName: quick ? "quick.json" : `${section ?? "latest"}.json` };
};
