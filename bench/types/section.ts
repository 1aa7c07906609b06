import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { atMost, type Section, spreadOf } from "../result.ts";

const ROOT = join(import.meta.dirname, "../..");
const OPERATIONS = 300;
const LIMIT_SECONDS = 5;

/** One operation, as a user would write it. */
const operation = (_: unknown, n: number): string => `
  "operation-${n}": operation({
    request: z.object({ account: z.string().min(1), amount${n}: z.number(), lines: z.array(z.object({ date: z.iso.date(), n: z.int() })) }),
    reply: z.discriminatedUnion("state", [z.object({ state: z.literal("done"), sum${n}: z.number() }), z.object({ state: z.literal("open") })]),
  }),`;

/** A contract, in a folder inside the checkout, and a client and handlers of it. */
const contract = (operations: number): string => `import * as z from "zod";
import { createClient } from "@rejoinder/sdk/client";
import type { Handlers } from "@rejoinder/sdk/consumer";
import { defineContract, operation } from "@rejoinder/sdk/contract";

export const contract = defineContract({${Array.from({ length: operations }, operation).join("")}
});
export const client = createClient({ url: "http://localhost", contract });
export const handlers: Partial<Handlers<typeof contract>> = {};
void [z, operation];
`;

const COMPILER_OPTIONS = {
  composite: false,
  emitDeclarationOnly: false,
  noEmit: true,
  types: ["node"],
  lib: ["es2024", "dom", "dom.iterable"],
};

/** How much longer the compiler takes for a large contract than for an empty one. */
export const typesSection: Section = {
  async measure({ rounds }, say) {
    await mkdir(join(ROOT, ".types"), { recursive: true });
    const folder = await mkdtemp(join(ROOT, ".types/bench-"));
    const seconds = { empty: [] as number[], large: [] as number[] };
    try {
      for (const [name, operations] of [["empty", 0] as const, ["large", OPERATIONS] as const]) {
        const tsconfig = { extends: "../../tsconfig.base.json", compilerOptions: COMPILER_OPTIONS, files: [`${name}.ts`] };
        await writeFile(join(folder, `${name}.ts`), contract(operations));
        await writeFile(join(folder, `${name}.json`), JSON.stringify(tsconfig));
      }
      for (let round = 1; round <= rounds; round++)
        for (const name of ["empty", "large"] as const) {
          const began = performance.now();
          await promisify(execFile)(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", join(folder, `${name}.json`)]);
          seconds[name].push((performance.now() - began) / 1_000);
          say(`round ${round}/${rounds}  the ${name} contract: ${seconds[name].at(-1)?.toFixed(2)} s`);
        }
    } finally {
      await rm(folder, { recursive: true });
    }
    const difference = spreadOf(seconds.large.map((large, round) => large - (seconds.empty[round] ?? Number.NaN)));
    const lines = Object.entries(seconds).map(([name, all]) => ({ name, numbers: { seconds: spreadOf(all) } }));
    const goals = [atMost(`${OPERATIONS} operations − an empty contract`, LIMIT_SECONDS, difference, "s")];
    return [{ name: "compile time of a contract", tables: [{ title: "tsc, without emitting", lines }], goals }];
  },
};
