import { afterAll, expect, test } from "vitest";
import { createProject } from "../helpers/project.ts";
import { startStack } from "../helpers/stack.ts";
import { useConsole } from "./opened-page.ts";

/** Operations that end otherwise. */
const CONTRACT = `
  import { defineContract, operation } from "@rejoinder/sdk/contract";
  import * as z from "zod";
  const one = (deadlineSeconds: number) =>
    operation({ request: z.json().meta({ examples: [1] }), reply: z.strictObject({}), deadlineSeconds });
  export const contract = defineContract({ refuse: one(30), crash: one(30), late: one(1), misfit: one(30) });`;
const CONSUMER = `
  import { defineConsumer, OperationError } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  export default defineConsumer({
    contract,
    handlers: {
      refuse: async () => { throw new OperationError(409, "OUT_OF_STOCK", "There is none left."); },
      crash: async () => { throw new Error("secret of the inside"); },
      late: (_, { signal }) => new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      misfit: async () => ({ more: "than the schema says" }) as {},
    },
  });`;

const project = createProject({ "app/contract.ts": CONTRACT, "app/consumer.ts": CONSUMER });
afterAll(() => project.remove());

const { open } = useConsole(() => startStack({}, { project: project.directory }));

test.each([
  ["refuse", "failed", ["There is none left", "OUT_OF_STOCK · HTTP 409"]],
  ["crash", "failed", ["HANDLER_FAILED · HTTP 500"]],
  ["misfit", "failed", ["INVALID_REPLY · HTTP 500"]],
  ["late", "expired", ["DEADLINE_EXCEEDED · HTTP 504"]],
] as const)("%s ends as %s, and is told why", async (operation, state, words) => {
  const { page, complaints, reach, rows, send } = await open();
  await send(operation);
  await reach(state);
  for (const text of words) await page.locator(".problem").getByText(text).waitFor();
  // Operators are told it, in a section of their own.
  for (const own of [".request-section", ".reply-section", ".requests-section"])
    expect(await page.locator(own).textContent()).not.toContain("secret of the inside");
  expect(await rows()).toEqual([expect.stringContaining(`${state}${operation}`)]);
  expect(complaints).toEqual([]);
});
