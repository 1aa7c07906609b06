import { ClientError, createClient, type Submission } from "../../client/index.ts";
import type { contract } from "../../test/project/app/contract.ts";

// The type of the contract alone: its schemas need not be in the page.
const client = createClient<typeof contract>({ url: document.documentElement.dataset["worker"] ?? "" });
const output = document.querySelector("output") as HTMLOutputElement;

/** Where this tab remembers what it waits for. */
const KEY = "report";

const show = async (report: Submission<{ readonly total: number }>): Promise<void> => {
  report.onChange(({ state }) => (output.value = `The report is ${state} …`));
  try {
    sessionStorage.setItem(KEY, await report.accepted);
    const { total } = await report.reply;
    output.value = `The total is ${total}.`;
  } catch (error) {
    output.value = error instanceof ClientError ? `${error.code}: ${error.message}` : String(error);
  }
  sessionStorage.removeItem(KEY);
};

document.querySelector("button")?.addEventListener("click", () => {
  const lines = [{ date: "2026-01-15", product: "bolt", quantity: 100, unitPrice: 0.12 }];
  void show(client.submit("report", { account: "acme", lines }));
});

const remembered = sessionStorage.getItem(KEY);
if (remembered !== null) void show(client.resume(remembered, { operation: "report" }));
