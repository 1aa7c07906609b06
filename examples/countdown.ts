// A slow request from Node that says how far it is and gives away its result bit by bit. Ctrl+C cancels it. Argument: the Worker's URL.
import { createClient } from "../client/index.ts";
import { contract } from "../test/project/app/contract.ts";

const client = createClient({ url: process.argv[2] ?? "http://localhost:8787", contract });

const countdown = client.submit("countdown", { from: 10, everyMs: 400 });
process.once("SIGINT", () => void countdown.cancel().catch((error: unknown) => console.error(String(error))));
countdown.onChange(({ state, progress }) => console.error(progress === undefined ? state : `${state}, ${progress.percent} %`));

// A consumer that crashed counts from the start again.
for await (const { left } of countdown.chunks({ onReset: () => console.log("once more:") })) console.log(left);

const { counted } = await countdown.reply;
console.log(`Counted ${counted}.`);
client.close();
