import { type AggregateRuntime, type AggregateState, createAggregateRuntime } from "../../../consumer/deciders/aggregate-runtime.ts";
import type { AnyPolicy, PolicyContext, SentRequest } from "../../../consumer/policies/policy.ts";
import type { AnyProjection, ProjectionContext } from "../../../consumer/views/projection.ts";
import { contract } from "../../../examples/bank/app/contract.ts";
import { accountBehaviour } from "../../../examples/bank/app/account.ts";
import { paymentBehaviour } from "../../../examples/bank/app/payment.ts";
import { bookings, transfer } from "../../../examples/bank/app/policies.ts";
import { balanceRows, paymentRows, statementRows } from "../../../examples/bank/app/projections.ts";
import type { RowOf } from "@rejoinder/sdk/contract";
import type { balances, payments, statement } from "../../../examples/bank/app/contract.ts";

/** A command on its way, and all that makes it the same one if it comes twice. */
export type SentCommand = { readonly id: string; readonly name: string; readonly request: unknown };

/** The bank without Kafka: commands are decided in the order in which the test hands them over. */
export type InMemoryBank = {
  readonly balances: ReadonlyMap<string, RowOf<typeof balances>>;
  readonly statement: ReadonlyMap<string, RowOf<typeof statement>>;
  readonly payments: ReadonlyMap<string, RowOf<typeof payments>>;
  /** Decides a command. @returns what follows from it, in order */
  decide(command: SentCommand): readonly SentCommand[];
};

type Kind = { readonly runtime: AggregateRuntime<unknown>; readonly policy: AnyPolicy; readonly projections: readonly AnyProjection[] };

export const createInMemoryBank = (): InMemoryBank => {
  const kinds: Readonly<Record<string, Kind>> = {
    account: {
      runtime: createAggregateRuntime("account", accountBehaviour) as AggregateRuntime<unknown>,
      policy: bookings as AnyPolicy,
      projections: [balanceRows, statementRows] as unknown as AnyProjection[],
    },
    payment: {
      runtime: createAggregateRuntime("payment", paymentBehaviour) as AggregateRuntime<unknown>,
      policy: transfer as AnyPolicy,
      projections: [paymentRows] as unknown as AnyProjection[],
    },
  };
  const states = new Map<string, AggregateState<unknown>>();
  const rows = new Map<object, Map<string, unknown>>([balanceRows, statementRows, paymentRows].map((each) => [each, new Map()]));

  return {
    balances: rows.get(balanceRows) as ReadonlyMap<string, RowOf<typeof balances>>,
    statement: rows.get(statementRows) as ReadonlyMap<string, RowOf<typeof statement>>,
    payments: rows.get(paymentRows) as ReadonlyMap<string, RowOf<typeof payments>>,
    decide({ id: command, name, request }) {
      const [aggregate = "", commandName = ""] = name.split(".");
      const { runtime, policy, projections } = kinds[aggregate] as Kind;
      const id = (request as Record<string, string>)[aggregate] as string;
      const current = states.get(`${aggregate}/${id}`) ?? runtime.initial(id);
      const decided = runtime.decide(current, { command, name: commandName, request, at: new Date(0) });
      if (decided.kind === "repeat") return [];
      states.set(`${aggregate}/${id}`, decided.next);
      return decided.commit.events.flatMap((event, index) => {
        const type = event.type.slice(aggregate.length + 1);
        const context = { id, version: decided.next.version, command, at: new Date(0) };
        for (const projection of projections)
          project(projection, rows.get(projection) as Map<string, unknown>, type, event.data, { ...context, index });
        return sentBy(policy, type, event.data, context).map(({ operation, request: sent }, output) => ({
          id: `${decided.commit.commit}/${index}/${output}`,
          name: operation.name,
          request: sent,
        }));
      });
    },
  };
};

const project = ({ key, on }: AnyProjection, rows: Map<string, unknown>, type: string, data: unknown, context: ProjectionContext): void => {
  const at = key === undefined ? context.id : key({ ...context, type, data });
  const apply = on[type] as ((row: unknown, data: unknown, context: ProjectionContext) => unknown) | undefined;
  if (at === undefined || apply === undefined) return;
  const row = apply(rows.get(at), data, context);
  if (row === null) rows.delete(at);
  else rows.set(at, row);
};

const sentBy = ({ on }: AnyPolicy, type: string, data: unknown, context: PolicyContext): readonly SentRequest[] => {
  const sent = (on[type] as ((data: unknown, context: PolicyContext) => SentRequest | readonly SentRequest[] | undefined) | undefined)?.(
    data,
    context,
  );
  return sent === undefined ? [] : [sent].flat();
};

/** What the screening service of the other team does. */
export const screen = (payment: string, verdict: "approved" | "rejected"): SentCommand => ({
  id: `screened-${payment}`,
  name: contract["payment.note-screened"].name,
  request: { payment, verdict, reason: "" },
});
