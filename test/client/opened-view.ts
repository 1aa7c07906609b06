import * as z from "zod";
import { aggregate, defineContract, operation, view } from "../../contract/index.ts";
import { type Client, createClient } from "../../client/index.ts";
import { json, refused, scriptedServer, type ScriptedServer, type Step } from "./scripted-server.ts";

const cents = z.int().positive();
const account = aggregate({
  events: { credited: z.strictObject({ cents }) },
  commands: {
    credit: operation({
      request: z.strictObject({ account: z.string(), cents }),
      reply: z.strictObject({ balance: z.int() }),
      errors: { CLOSED_ACCOUNT: { status: 409, data: z.strictObject({ since: z.string() }) } },
    }),
  },
  id: (request) => request.account,
});

/** A contract with commands and views. */
export const bank = defineContract({
  account,
  balances: view({ from: account, version: 1, row: z.strictObject({ balance: z.int() }) }),
  statement: view({ from: account, version: 2, row: z.strictObject({ cents: z.int(), at: z.string() }) }),
});

/** A client of a server that answers by a script, for the bank's contract. */
export const openBank = async (...script: readonly Step[]): Promise<{ client: Client<typeof bank>; server: ScriptedServer }> => {
  const server = await scriptedServer(...script);
  return { client: createClient<typeof bank>({ url: server.url }), server };
};

/** A position in the events of the account. */
export const at = (offset: number): string => `account.0.${offset}.generation`;

/** A row, as the commit at that offset made it. */
export const rowStep = (balance: number, offset: number): Step => json(200, { etag: `"${at(offset)}"` }, { balance });

/** There is no row, since the commit at that offset. */
export const noRow = (offset: number): Step => refused("VIEW_ROW_NOT_FOUND", { etag: `"${at(offset)}"` });

/** The view has not come so far. */
export const behind = (headers: Record<string, string> = {}): Step => json(202, { "retry-after": "1", ...headers }, {});
