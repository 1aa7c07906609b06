import { expectTypeOf, test } from "vitest";
import * as z from "zod";
import type { bank } from "./opened-view.ts";
import type { contract } from "../project/app/contract.ts";
import {
  type Client,
  createClient,
  type ErrorCodeOf,
  type ErrorDataOf,
  type ListedRequest,
  type ListedRow,
  type ReplyOf,
  type RequestOf,
  type Submission,
  type ViewNameOf,
  type ViewRow,
} from "../../client/index.ts";

const client = createClient<typeof contract>({ url: "http://127.0.0.1:9" });

test("requests and replies have the types of the contract", () => {
  expectTypeOf(client.request<"sum">)
    .parameter(1)
    .toEqualTypeOf<{ a: number; b: number }>();
  expectTypeOf(client.request<"sum">).returns.resolves.toEqualTypeOf<{ sum: number }>();
  expectTypeOf(client.submit<"sum">).returns.toEqualTypeOf<Submission<{ sum: number }, undefined, never>>();
  expectTypeOf(client.resume<"sum">).returns.toEqualTypeOf<Submission<{ sum: number }, undefined, never>>();
});

test("requests that are sent together have each their own types, in their order", () => {
  const both = () =>
    client.submitAll([
      { operation: "sum", request: { a: 1, b: 2 } },
      { operation: "report", request: { account: "acme", lines: [] } },
    ]);
  expectTypeOf(both).returns.toHaveProperty("0").toEqualTypeOf<Submission<{ sum: number }, undefined, never>>();
  expectTypeOf(both).returns.toHaveProperty("1").toEqualTypeOf<Submission<ReplyOf<typeof contract, "report">, undefined, never>>();
  const many = () => client.submitAll(["a", "b"].map((account) => ({ operation: "report", request: { account, lines: [] } }) as const));
  expectTypeOf(many).returns.toEqualTypeOf<readonly Submission<ReplyOf<typeof contract, "report">, undefined, never>[]>();
  // @ts-expect-error b is missing
  void (() => client.submitAll([{ operation: "sum", request: { a: 1 } }]));
});

test("a list is of the contract's operations, and says which", () => {
  expectTypeOf(client.list<"sum">).returns.toEqualTypeOf<AsyncIterable<ListedRequest<"sum">>>();
  expectTypeOf<ListedRequest<"sum">["operation"]>().toEqualTypeOf<"sum">();
  // @ts-expect-error no such operation
  client.list({ operation: "product" });
  // @ts-expect-error no such state
  client.list({ state: "done" });
});

test("the errors of the contract are known by their codes", () => {
  expectTypeOf<ErrorCodeOf<typeof contract>>().toEqualTypeOf<"SUM_OUT_OF_RANGE" | "TOTAL_OUT_OF_RANGE">();
});

test("operations that are not in the contract, and requests that do not fit, do not compile", () => {
  // @ts-expect-error there is no such operation
  void (() => client.request("product", { a: 1, b: 2 }));
  // @ts-expect-error b is missing
  void (() => client.request("sum", { a: 1 }));
});

test("a caller sends what goes into a schema, and gets what comes out of one", () => {
  const contract = {
    day: {
      request: z.object({ day: z.string().default("today") }),
      reply: z.object({ at: z.string().transform((text) => new Date(text)) }),
    },
  };
  expectTypeOf<RequestOf<typeof contract, "day">>().toEqualTypeOf<{ day?: string | undefined }>();
  expectTypeOf<ReplyOf<typeof contract, "day">>().toEqualTypeOf<{ at: Date }>();
});

test("progress and chunks have the types of the contract, and are unknown to a client without one", () => {
  const contract = {
    count: { request: z.int(), reply: z.int(), progress: z.object({ percent: z.number() }), chunk: z.object({ left: z.int() }) },
  };
  const count = createClient<typeof contract>().submit<"count">;
  expectTypeOf(count).returns.toEqualTypeOf<Submission<number, { percent: number }, { left: number }>>();
  expectTypeOf(createClient().submit<"count">).returns.toEqualTypeOf<Submission<unknown>>();
  void (async () => {
    const submission = count("count", 1);
    for await (const { progress, chunks } of submission) {
      expectTypeOf(progress).toEqualTypeOf<{ percent: number } | undefined>();
      expectTypeOf(chunks).toEqualTypeOf<readonly { left: number }[] | undefined>();
    }
    for await (const chunk of submission.chunks()) expectTypeOf(chunk).toEqualTypeOf<{ left: number }>();
  });
});

test("views and their rows have the types of the contract, and commands are operations beside them", () => {
  const banking = createClient<typeof bank>();
  expectTypeOf<ViewNameOf<typeof bank>>().toEqualTypeOf<"balances" | "statement">();
  expectTypeOf(banking.view<"balances">).returns.toEqualTypeOf<ViewRow<{ balance: number }>>();
  expectTypeOf(banking.views<"statement">).returns.toEqualTypeOf<AsyncIterable<ListedRow<{ cents: number; at: string }>>>();
  void (async () => {
    expectTypeOf(await banking.view("balances", "ada")).toEqualTypeOf<{ balance: number } | undefined>();
    for await (const row of banking.view("balances", "ada")) expectTypeOf(row).toEqualTypeOf<{ balance: number } | undefined>();
    const { position } = await banking.submit("account.credit", { account: "ada", cents: 1 }).result;
    await banking.view("balances", "ada", { after: position });
  });
  // @ts-expect-error no such view
  void (() => banking.view("debts", "ada"));
  // @ts-expect-error an aggregate is no view
  void (() => banking.view("account", "ada"));
});

test("a contract's views are no operations, and change nothing of its errors", () => {
  expectTypeOf<Parameters<Client<typeof bank>["request"]>[0]>().toEqualTypeOf<"account.credit">();
  expectTypeOf<ErrorCodeOf<typeof bank>>().toEqualTypeOf<"CLOSED_ACCOUNT">();
  expectTypeOf<ErrorDataOf<typeof bank, "CLOSED_ACCOUNT">>().toEqualTypeOf<{ since: string }>();
});

test("a contract without views has none to read, and a client without a contract takes any", () => {
  expectTypeOf<ViewNameOf<typeof contract>>().toEqualTypeOf<never>();
  // @ts-expect-error the contract has no views
  void (() => client.view("balances", "ada"));
  expectTypeOf(createClient().view<"balances">).returns.toEqualTypeOf<ViewRow<unknown>>();
});
