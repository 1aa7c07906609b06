import { parseArgs } from "node:util";

/** The main path through all processes, and the gateway alone. */
export const HALVES = ["path", "gateway"] as const;

export type HalfName = (typeof HALVES)[number];

export type Arguments = {
  readonly quick: boolean;
  readonly halves: readonly HalfName[];
  /** What the results are written to. Numbers of a quick run never replace those to be quoted. */
  readonly fileName: string;
};

/** Reads `--quick` and `--only path|gateway`. @throws TypeError saying what is expected. */
export const readArguments = (args: readonly string[]): Arguments => {
  const { quick, only } = parseArgs({
    args: [...args],
    options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
  }).values;
  const half = HALVES.find((name) => name === only);
  if (only !== undefined && half === undefined)
    throw new TypeError(`Expected --only to be one of ${HALVES.join(", ")}, got ${JSON.stringify(only)}`);
  return { quick, halves: half === undefined ? HALVES : [half], fileName: quick ? "quick.json" : `${half ?? "latest"}.json` };
};
