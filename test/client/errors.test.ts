import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { type ClientError, createClient, isDefined } from "../../client/index.ts";
import { failureOf } from "./opened-client.ts";
import { ID, pending, problem, refused, scriptedServer, statusStep, type Step } from "./scripted-server.ts";

const contract = {
  report: {
    request: z.object({ account: z.string() }),
    reply: z.object({ total: z.number() }),
    errors: {
      ACCOUNT_CLOSED: { status: 409, data: z.object({ since: z.iso.date(), seen: z.number().default(0) }) },
      BUSY: { status: 429 },
    },
  },
  close: { request: z.object({}), reply: z.object({}), errors: { ACCOUNT_CLOSED: { status: 409, data: z.object({ by: z.string() }) } } },
  sum: { request: z.object({}), reply: z.object({}) },
};

const CLOSED = problem(409, "ACCOUNT_CLOSED", { data: { since: "2026-01-15" } });

describe("an error that the contract defines", () => {
  const open = async (...script: readonly Step[]) => {
    const server = await scriptedServer(...script);
    return {
      checked: createClient({ url: server.url, contract }),
      unchecked: createClient<typeof contract>({ url: server.url }),
    };
  };

  test.each([
    ["came by its status", [pending(), statusStep("failed", { error: CLOSED })]],
    ["came instead of the reply", [refused(CLOSED, { "content-location": `/status/${ID}` })]],
  ])("has the data that the contract makes of it, when it %s", async (_, script) => {
    const { checked } = await open(...script);
    const error: unknown = await failureOf(checked.request("report", { account: "acme" }));
    if (!checked.isDefined(error, "ACCOUNT_CLOSED")) throw error;
    expect(error).toMatchObject({ code: "ACCOUNT_CLOSED", status: 409, data: { since: "2026-01-15", seen: 0 } });
    expect([isDefined(error, "ACCOUNT_CLOSED"), checked.isDefined(error, "BUSY")]).toEqual([true, false]);
  });

  test("has the server's data where the client has only the contract's types", async () => {
    const { unchecked } = await open(refused(CLOSED));
    const error = await failureOf(unchecked.request("report", { account: "acme" }));
    expect(unchecked.isDefined(error, "ACCOUNT_CLOSED")).toBe(true);
    expect(error.data).toEqual({ since: "2026-01-15" });
  });

  test("may come without data", async () => {
    const { checked } = await open(refused(problem(429, "BUSY")));
    const error = await failureOf(checked.request("report", { account: "acme" }));
    expect([checked.isDefined(error, "BUSY"), error.data]).toEqual([true, undefined]);
  });

  test("is known by the operation's name when it is resumed", async () => {
    const { checked } = await open(statusStep("failed", { error: CLOSED }));
    const error = await failureOf(checked.resume(ID, { operation: "report" }).reply);
    expect(checked.isDefined(error, "ACCOUNT_CLOSED")).toBe(true);
  });

  test.each([
    ["whose data does not fit", "report", problem(409, "ACCOUNT_CLOSED", { data: { since: 2026 } })],
    ["of another operation", "sum", CLOSED],
    ["that has the name of something else", "report", problem(409, "constructor")],
  ] as const)("is none %s: it stays the server's error", async (_, operation, sent) => {
    const { checked } = await open(refused(sent));
    const error: ClientError = await failureOf(checked.request(operation as "report", { account: "acme" }));
    expect(error).toMatchObject({ code: sent.code, status: 409, problem: sent });
    expect([checked.isDefined(error, "ACCOUNT_CLOSED"), error.data]).toEqual([false, undefined]);
  });

  test("is nothing else that can be thrown", () => {
    const client = createClient({ contract });
    for (const thrown of [undefined, null, "ACCOUNT_CLOSED", new Error("ACCOUNT_CLOSED"), { code: "ACCOUNT_CLOSED", isDefined: true }])
      expect(client.isDefined(thrown, "ACCOUNT_CLOSED")).toBe(false);
  });
});

test("isDefined narrows what was caught to the data of the contract's error", () => {
  const client = createClient<typeof contract>();
  void ((error: unknown) => {
    if (client.isDefined(error, "BUSY")) expectTypeOf(error.data).toEqualTypeOf<undefined>();
    if (client.isDefined(error, "ACCOUNT_CLOSED")) {
      expectTypeOf(error.code).toEqualTypeOf<"ACCOUNT_CLOSED">();
      // Two operations define it.
      expectTypeOf(error.data).toEqualTypeOf<{ since: string; seen: number } | { by: string }>();
    }
    if (isDefined(error, "ACCOUNT_CLOSED")) expectTypeOf(error.data).toEqualTypeOf<unknown>();
    // @ts-expect-error no operation defines it
    client.isDefined(error, "OUT_OF_STOCK");
  });
});
