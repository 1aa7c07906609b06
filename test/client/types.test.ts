import { expectTypeOf, test } from "vitest";
import * as z from "zod";
import type { contract } from "../project/app/contract.ts";
import { createClient, type ErrorCodeOf, type ReplyOf, type RequestOf, type Submission } from "../../client/index.ts";

const client = createClient<typeof contract>({ url: "http://127.0.0.1:9" });

test("requests and replies have the types of the contract", () => {
  expectTypeOf(client.request<"sum">)
    .parameter(1)
    .toEqualTypeOf<{ a: number; b: number }>();
  expectTypeOf(client.request<"sum">).returns.resolves.toEqualTypeOf<{ sum: number }>();
  expectTypeOf(client.submit<"sum">).returns.toEqualTypeOf<Submission<{ sum: number }>>();
  expectTypeOf(client.resume<"sum">).returns.toEqualTypeOf<Submission<{ sum: number }>>();
});

test("the errors of the contract are known by their codes", () => {
  expectTypeOf<ErrorCodeOf<typeof contract>>().toEqualTypeOf<"SUM_OUT_OF_RANGE">();
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
