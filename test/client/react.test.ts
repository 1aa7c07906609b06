import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { type Client, type ClientError, createClient, type Status } from "../../client/index.ts";
import { useRequest, useView } from "../../client/react.ts";
import type { bank } from "./opened-view.ts";
import type { contract } from "../project/app/contract.ts";

declare const client: Client<typeof contract>;

test("a hook's request has the types of the contract, and its state tells what is there", () => {
  const useSum = () => {
    const { send, state, status, reply, error, correlationId } = useRequest(client, "sum");
    expectTypeOf(send).toEqualTypeOf<(request: { a: number; b: number }) => void>();
    expectTypeOf(reply).toEqualTypeOf<{ sum: number } | undefined>();
    if (state === "succeeded") expectTypeOf(reply).toEqualTypeOf<{ sum: number }>();
    if (state === "processing") expectTypeOf(status).toEqualTypeOf<Status<undefined, never>>();
    if (state === "failed") expectTypeOf(error).toEqualTypeOf<ClientError>();
    if (state === "accepted" || state === "processing" || state === "resuming") expectTypeOf(correlationId).toEqualTypeOf<string>();
  };
  void useSum;
});

test("a hook's progress and chunks have the types of the contract", () => {
  const contract = {
    count: { request: z.int(), reply: z.int(), progress: z.object({ percent: z.number() }), chunk: z.string() },
  };
  const useCount = () => {
    const { progress, chunks, cancel } = useRequest(createClient<typeof contract>(), "count");
    expectTypeOf(progress).toEqualTypeOf<{ percent: number } | undefined>();
    expectTypeOf(chunks).toEqualTypeOf<readonly string[]>();
    expectTypeOf(cancel).returns.toEqualTypeOf<Promise<void>>();
  };
  void useCount;
});

test("an operation that is not in the contract does not compile", () => {
  // @ts-expect-error there is no such operation
  void (() => useRequest(client, "product"));
});

test("a server renders a page with the hook as if nothing were sent", () => {
  const Sum = () => createElement("output", null, useRequest(createClient<typeof contract>(), "sum").state);
  expect(renderToString(createElement(Sum))).toBe("<output>idle</output>");
});

test("a hook's row has the type of the contract's view", () => {
  const useBalance = () => {
    const { row, isLive, error } = useView(createClient<typeof bank>(), "balances", "ada");
    expectTypeOf(row).toEqualTypeOf<{ balance: number } | undefined>();
    expectTypeOf(isLive).toEqualTypeOf<boolean>();
    expectTypeOf(error).toEqualTypeOf<ClientError | undefined>();
  };
  void useBalance;
  // @ts-expect-error there is no such view
  void (() => useView(createClient<typeof bank>(), "debts", "ada"));
});

test("a server renders a page with a row as if nobody had answered", () => {
  const Balance = () => createElement("output", null, JSON.stringify(useView(createClient<typeof bank>(), "balances", "ada")));
  expect(renderToString(createElement(Balance))).toBe("<output>{&quot;isLive&quot;:false}</output>");
});
