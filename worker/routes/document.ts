import type { Context } from "hono";
import { jsonResponse } from "../responses.ts";
import { webSha256 } from "../sha256.ts";

/** What a document says. */
type Written = { readonly text: string; readonly tag: string };

/**
 * A route for a document of JSON that stays as it is for the life of the Worker. It is made when somebody asks for the first time. Its ETag
 * changes when anything in it does, so that asking again costs little.
 */
export const createDocumentRoute = (create: () => object, mediaType = "application/json") => {
  let written: Promise<Written> | undefined;
  return async (context: Context): Promise<Response> => {
    const { text, tag } = await (written ??= write(create()));
    const headers = { "cache-control": "no-cache", etag: tag };
    return names(context.req.header("if-none-match"), tag)
      ? jsonResponse(304, null, headers)
      : jsonResponse(200, text, { ...headers, "content-type": mediaType });
  };
};

const write = async (document: object): Promise<Written> => {
  const text = JSON.stringify(document);
  return { text, tag: `"${(await webSha256(text)).slice(0, 16)}"` };
};

/** Whether `If-None-Match` names that tag (RFC 9110 §13.1.2, compared weakly). */
const names = (field: string | undefined, tag: string): boolean =>
  (field ?? "").split(",").some((one) => [tag, "*"].includes(one.trim().replace(/^W\//, "")));
