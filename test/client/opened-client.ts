import { expect } from "vitest";
import type { contract } from "../project/app/contract.ts";
import { type Client, ClientError, createClient } from "../../client/index.ts";
import { scriptedServer, type ScriptedServer, type Step } from "./scripted-server.ts";

export const SUM = { a: 2, b: 3 };

/** A client of a server that answers by a script. */
export const openClient = async (...script: readonly Step[]): Promise<{ client: Client<typeof contract>; server: ScriptedServer }> => {
  const server = await scriptedServer(...script);
  return { client: createClient<typeof contract>({ url: `${server.url}/` }), server };
};

/** The ClientError of a promise that must reject. */
export const failureOf = (promise: Promise<unknown>): Promise<ClientError> =>
  promise.then(
    (value) => {
      throw new Error(`Expected a failure, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(ClientError);
      return error as ClientError;
    },
  );
