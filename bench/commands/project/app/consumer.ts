import { decider, defineConsumer, projection } from "@rejoinder/sdk/consumer";
import { contract, counter, counts } from "./contract.ts";

export const counting = decider(counter, {
  initial: { count: 0 },
  evolve: { incremented: ({ count }, { by }) => ({ count: count + by }) },
  decide: {
    increment: ({ by }, { count }) => ({ events: [{ type: "incremented", data: { by } }], reply: { count: count + by } }),
    repeat: ({ by, times }, { count }) => ({
      events: Array.from({ length: times }, () => ({ type: "incremented" as const, data: { by } })),
      reply: { count: count + by * times },
    }),
  },
});

export default defineConsumer({
  contract,
  handlers: {},
  deciders: { counter: counting },
  projections: {
    counts: projection(counts, { on: { incremented: (row, { by }) => ({ count: (row?.count ?? 0) + by, version: counts.version }) } }),
  },
});
