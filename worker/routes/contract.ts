import type { Context } from "hono";
import { type Contract, describeContract } from "../../contract/contract.ts";
import { VERSION } from "../../protocol/version.ts";
import { jsonResponse } from "../responses.ts";
import { webSha256 } from "../sha256.ts";

/**
 * `GET /contract`: the version of the library and what can be asked of this Worker, as JSON Schema (2020-12), operation by operation. Its
 * ETag changes when anything in it does, so that asking again costs little.
 */
export const createContractRoute = (contract: Contract) => {
  let written: Promise<Written> | undefined;
  return async (context: Context): Promise<Response> => {
    const { text, tag } = await (written ??= write(contract));
    const headers = { "cache-control": "no-cache", etag: tag };
    return names(context.req.header("if-none-match"), tag) ? jsonResponse(304, null, headers) : jsonResponse(200, text, headers);
  };
};

type Written = { readonly text: string; readonly tag: string };

const write = async (contract: Contract): Promise<Written> => {
  const text = JSON.stringify({ version: VERSION, operations: describeContract(contract) });
  return { text, tag: `"${(await webSha256(text)).slice(0, 16)}"` };
};

/** Whether `If-None-Match` names that tag (RFC 9110 §13.1.2, compared weakly). */
const names = (field: string | undefined, tag: string): boolean =>
  (field ?? "").split(",").some((one) => [tag, "*"].includes(one.trim().replace(/^W\//, "")));
