import { expect, onTestFinished, vi } from "vitest";
import type { contract } from "../project/app/contract.ts";
import { type Client, ClientError, createClient } from "../../client/index.ts";
import { scriptedServer, type ScriptedServer, type Step } from "./scripted-server.ts";

export const SUM = { a: 2, b: 3 };

/** A client of a server that answers by a script. */
export const openClient = async (...script: readonly Step[]): Promise<{ client: Client<typeof contract>; server: ScriptedServer }> => {
  const server = await scriptedServer(...script);
  return { client: createClient<typeof contract>({ url: `${server.url}/` }), server };
};

/** Plays a browser that comes back on a network whenever the client pauses, until the test ends: it then goes on at once. */
export const skipPauses = (): void => {
  vi.stubGlobal("addEventListener", (_: "online", listener: () => void) => void setImmediate(listener));
  vi.stubGlobal("removeEventListener", () => {});
  onTestFinished(() => void vi.unstubAllGlobals());
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
