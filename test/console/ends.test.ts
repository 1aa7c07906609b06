import { afterAll, expect, test } from "vitest";
import { copyCheckout } from "../helpers/checkout.ts";
import { startStack } from "../helpers/stack.ts";
import { useConsole } from "./opened-page.ts";

/** Operations that end otherwise, added as the README adds one. */
const OPERATIONS = `
const one = (name: string, deadlineSeconds: number) =>
  defineOperation({ name, request: z.json().meta({ examples: [1] }), reply: z.strictObject({}), deadlineSeconds, retentionSeconds: 3_600 });
export const operations = defineContract({
  sum, echo, report, refuse: one("refuse", 30), crash: one("crash", 30), late: one("late", 1), misfit: one("misfit", 30),
});`;
const HANDLERS = `
import { OperationError } from "../handler.ts";
export const handlers = {
  sum, echo, report,
  refuse: async () => { throw new OperationError(409, "OUT_OF_STOCK", "There is none left."); },
  crash: async () => { throw new Error("secret of the inside"); },
  late: (_: unknown, { signal }: { signal: AbortSignal }) => new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  misfit: async () => ({ more: "than the schema says" }),
} as never as Handlers<typeof operations>;`;

const checkout = copyCheckout();
checkout.replaceLine("contract/operations.ts", "export const operations", OPERATIONS);
checkout.replaceLine("consumer/handlers/index.ts", "export const handlers", HANDLERS);
afterAll(() => checkout.remove());

const { open } = useConsole(() => startStack({}, checkout.run));

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
  expect(await page.locator("body").textContent()).not.toContain("secret of the inside");
  expect(await rows()).toEqual([expect.stringContaining(`${state}${operation}`)]);
  expect(complaints).toEqual([]);
});
