import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createProject } from "./project.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";

const CONTRACT = `
  import { defineContract, operation } from "@rejoinder/sdk/contract";
  import * as z from "zod";
  const request = z.object({ a: z.number(), b: z.number() }).meta({ examples: [{ a: 2, b: 3 }] });
  const reply = z.object({ sum: z.number() });
  export const contract = defineContract({
    sum: operation({ request, reply, deadlineSeconds: 600 }),
    brief: operation({ request, reply, deadlineSeconds: 2 }),
  });`;

/** While there is a file \`broken\`, the handlers have a bug. */
const CONSUMER = `
  import { existsSync } from "node:fs";
  import { defineConsumer } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  const add = ({ a, b }: { a: number; b: number }) => {
    if (existsSync(process.env["BROKEN"] ?? "")) throw new TypeError("add is not a function");
    return { sum: a + b };
  };
  export default defineConsumer({ contract, handlers: { sum: add, brief: add } });`;

/** A project whose handlers can be broken and mended; it is removed after the tests of a file. */
export const useFailingProject = () => {
  const project = createProject({ "app/contract.ts": CONTRACT, "app/consumer.ts": CONSUMER });
  const broken = join(project.directory, "broken");
  afterAll(() => project.remove());
  return {
    directory: project.directory,
    start: ({ host }: Pick<StackOptions, "host"> = {}): Promise<Stack> =>
      startStack({ BROKEN: broken }, { project: project.directory, ...(host && { host }) }),
    breakHandlers: () => writeFileSync(broken, ""),
    mendHandlers: () => rmSync(broken, { force: true }),
  };
};
