import { after, decider, defineConsumer, policy, send } from "@rejoinder/sdk/consumer";
import { account, contract, transfer } from "./contract.ts";

type Kind = "open" | "closed" | "frozen";
type Account = { readonly kind: Kind; readonly cents: number; readonly ended: readonly string[] };

const ended = (state: Account, id: string, cents = 0): Account => ({ ...state, cents: state.cents + cents, ended: [...state.ended, id] });
const nothing = { events: [], reply: null };

const accounts = decider(account, {
  initial: { kind: "closed", cents: 0, ended: [] } as Account,
  evolve: {
    opened: (state, { cents, kind }) => ({ ...state, cents, kind }),
    withdrawn: (state, { cents }) => ({ ...state, cents: state.cents - cents }),
    "withdrawal-refused": (state) => state,
    deposited: (state, { transfer: id, cents }) => ended(state, id, cents),
    "deposit-refused": (state, { transfer: id }) => ended(state, id),
  },
  decide: {
    open: ({ cents, kind }) => ({ events: [{ type: "opened", data: { cents, kind } }], reply: null }),
    withdraw: ({ transfer: id, cents }, state) => ({
      events: [
        state.kind === "open" && cents <= state.cents
          ? { type: "withdrawn", data: { transfer: id, cents } }
          : { type: "withdrawal-refused", data: { transfer: id } },
      ],
      reply: null,
    }),
    deposit({ transfer: id, cents }, { kind, ended: known }) {
      if (known.includes(id) || kind === "frozen") return nothing;
      if (kind === "closed") return { events: [{ type: "deposit-refused", data: { transfer: id } }], reply: null };
      return { events: [{ type: "deposited", data: { transfer: id, cents } }], reply: null };
    },
    // Whichever comes first counts: the deposit, or the word that it must not come any more.
    "stop-deposit": ({ transfer: id }, { ended: known }) =>
      known.includes(id) ? nothing : { events: [{ type: "deposit-refused", data: { transfer: id } }], reply: null },
    return: ({ transfer: id, cents }) => ({ events: [{ type: "deposited", data: { transfer: `${id}-back`, cents } }], reply: null }),
  },
});

type Stage = "new" | "begun" | "taken" | "over";
type Transfer = { readonly stage: Stage; readonly from: string; readonly to: string; readonly cents: number };
const at = (state: Omit<Transfer, "stage">, stage: Stage): Transfer => ({ ...state, stage });
const over = (state: Transfer): Transfer => at(state, "over");
const partiesOf = ({ from, to, cents }: Transfer) => ({ from, to, cents });

const transfers = decider(transfer, {
  initial: { stage: "new", from: "", to: "", cents: 0 } as Transfer,
  evolve: {
    begun: (_, parties) => at(parties, "begun"),
    taken: (state) => at(state, "taken"),
    completed: over,
    refused: over,
    "timed-out": (state) => state,
    undone: over,
  },
  decide: {
    begin: ({ from, to, cents }, { stage }) =>
      stage === "new" ? { events: [{ type: "begun", data: { from, to, cents } }], reply: null } : nothing,
    "note-taken": (_, state) => (state.stage === "begun" ? { events: [{ type: "taken", data: partiesOf(state) }], reply: null } : nothing),
    "note-refused": (_, { stage }) => (stage === "begun" ? { events: [{ type: "refused", data: {} }], reply: null } : nothing),
    "note-paid": (_, { stage }) => (stage === "taken" ? { events: [{ type: "completed", data: {} }], reply: null } : nothing),
    "note-unpaid": (_, state) =>
      state.stage === "taken" ? { events: [{ type: "undone", data: partiesOf(state) }], reply: null } : nothing,
    "time-out": (_, state) =>
      state.stage === "taken" ? { events: [{ type: "timed-out", data: partiesOf(state) }], reply: null } : nothing,
  },
});

export default defineConsumer({
  contract,
  handlers: {},
  deciders: { account: accounts, transfer: transfers },
  policies: {
    forward: policy(transfer, {
      begun: ({ from, cents }, { id }) => send(contract["account.withdraw"], { account: from, transfer: id, cents }),
      taken: ({ to, cents }, { id }) => [
        send(contract["account.deposit"], { account: to, transfer: id, cents }),
        after("500ms", send(contract["transfer.time-out"], { transfer: id })),
      ],
      "timed-out": ({ to }, { id }) => send(contract["account.stop-deposit"], { account: to, transfer: id }),
      undone: ({ from, cents }, { id }) => send(contract["account.return"], { account: from, transfer: id, cents }),
    }),
    answer: policy(account, {
      withdrawn: ({ transfer: id }) => send(contract["transfer.note-taken"], { transfer: id }),
      "withdrawal-refused": ({ transfer: id }) => send(contract["transfer.note-refused"], { transfer: id }),
      deposited: ({ transfer: id }) => (id.endsWith("-back") ? undefined : send(contract["transfer.note-paid"], { transfer: id })),
      "deposit-refused": ({ transfer: id }) => send(contract["transfer.note-unpaid"], { transfer: id }),
    }),
  },
});
