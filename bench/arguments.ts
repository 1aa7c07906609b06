import { parseArgs } from "node:util";
import { ConfigurationError } from "../environment/environment.ts";
import { callersSection } from "./callers/section.ts";
import { capacitySection } from "./capacity/section.ts";
import { commandsSection } from "./commands/section.ts";
import { costsSection } from "./costs/section.ts";
import { gatewaySection } from "./gateway/section.ts";
import { kafkaSection } from "./kafka/section.ts";
import { lifeSection } from "./life/section.ts";
import { peersSection } from "./peers/section.ts";
import type { Section } from "./result.ts";
import { typesSection } from "./types/section.ts";

export const SECTIONS = {
  gateway: gatewaySection,
  kafka: kafkaSection,
  peers: peersSection,
  capacity: capacitySection,
  costs: costsSection,
  life: lifeSection,
  callers: callersSection,
  types: typesSection,
  commands: commandsSection,
} as const satisfies Readonly<Record<string, Section>>;

export type SectionName = keyof typeof SECTIONS;

const NAMES = Object.keys(SECTIONS) as SectionName[];

/** Reads `--quick`, `--only SECTION` and `--markdown`, and where the results are. Numbers of a quick run never replace those to be quoted. @throws ConfigurationError */
export const readArguments = (args: readonly string[]) => {
  const { quick, only, markdown } = parse(args);
  const section = NAMES.find((name) => name === only);
  if (only !== undefined && section === undefined)
    throw new ConfigurationError([`Expected --only to be one of ${NAMES.join(", ")}, got ${JSON.stringify(only)}.`]);
  const name = quick ? "quick" : (section ?? "latest");
  const plotPath = name === "latest" ? "docs/images/bench.svg" : `bench/results/${name}.svg`;
  return { quick, markdown, names: section === undefined ? NAMES : [section], path: `bench/results/${name}.json`, plotPath };
};

const OPTIONS = {
  quick: { type: "boolean", default: false },
  only: { type: "string" },
  markdown: { type: "boolean", default: false },
} as const;

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new ConfigurationError([
      `Expected --quick, --only with one of ${NAMES.join(", ")}, --markdown, or nothing: ${(error as Error).message}.`,
    ]);
  }
};
