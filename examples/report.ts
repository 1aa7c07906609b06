// A slow request from Node, watched on its way. Argument: the Worker's URL.
import { createClient } from "../client/index.ts";
import { contract } from "../test/project/app/contract.ts";

const client = createClient({ url: process.argv[2] ?? "http://localhost:8787", contract });

const submission = client.submit("report", {
  account: "acme",
  lines: [
    { date: "2026-01-15", product: "bolt", quantity: 100, unitPrice: 0.12 },
    { date: "2026-02-02", product: "nut", quantity: 40, unitPrice: 0.05 },
  ],
});
for await (const { state, version } of submission) console.log(`${state} (version ${version})`);

const { total, months } = await submission.reply;
console.log(`Total ${total}; ${months.map(({ month, total: sum }) => `${month}: ${sum}`).join(", ")}`);
client.close();
