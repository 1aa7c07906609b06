import { expectTypeOf, test } from "vitest";
import type { Client, ClientError } from "../../client/index.ts";
import type { contract } from "../project/app/contract.ts";
import { useRequest } from "../../examples/react/use-request.ts";

declare const client: Client<typeof contract>;

test("a hook's request has the types of the contract, and its state tells what is there", () => {
  const useSum = () => {
    const { send, state, reply, error, correlationId } = useRequest(client, "sum");
    expectTypeOf(send).toEqualTypeOf<(request: { a: number; b: number }) => void>();
    expectTypeOf(reply).toEqualTypeOf<{ sum: number } | undefined>();
    if (state === "succeeded") expectTypeOf(reply).toEqualTypeOf<{ sum: number }>();
    if (state === "failed") expectTypeOf(error).toEqualTypeOf<ClientError>();
    if (state === "accepted" || state === "processing" || state === "resuming") expectTypeOf(correlationId).toEqualTypeOf<string>();
  };
  void useSum;
});

test("an operation that is not in the contract does not compile", () => {
  // @ts-expect-error there is no such operation
  void (() => useRequest(client, "product"));
});
