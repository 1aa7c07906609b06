import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { checkJsonType, parseJson, readBody } from "../body.ts";
import type { CorrelationIds } from "../correlation-id.ts";
import type { Authorize } from "../identity/principal.ts";
import type { StatusTokens } from "../identity/status-token.ts";
import { jsonResponse, statusPath } from "../responses.ts";
import { readReadableId } from "./readable-id.ts";

type StatusTokenOptions = {
  readonly authorize: Authorize;
  readonly ids: CorrelationIds;
  readonly statusTokens: Pick<StatusTokens, "create">;
  readonly now?: () => number;
};

/** What the body of `POST /status/:correlationId/token` answers. */
export type StatusTokenBody = {
  readonly token: string;
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly scopes: readonly string[];
  /** The path of the status. */
  readonly status: string;
};

const MAX_BYTES = 1_024;

/** `POST /status/:correlationId/token`: a token for this status, for whoever may read it and wants somebody else to see it. */
export const createStatusTokenRoute =
  ({ authorize, ids, statusTokens, now = Date.now }: StatusTokenOptions) =>
  async (context: Context): Promise<Response> => {
    const { req } = context;
    const principal = await authorize(context, "status:read");
    const id = await readReadableId(ids, principal, req.param("correlationId") ?? "", now());
    // Else who was given five minutes would have as many as they like.
    if (principal.token !== undefined)
      throw new RejoinderError("INSUFFICIENT_SCOPE", {
        detail: "Expected the credentials of whoever sent the request: a token makes no other token.",
      });
    const { token, expiresAt, scopes } = await statusTokens.create(id, await readMayCancel(context));
    const body: StatusTokenBody = { token, expiresAt: new Date(expiresAt).toISOString(), scopes, status: statusPath(id.text) };
    return jsonResponse(200, JSON.stringify(body));
  };

/** No body asks for a token that reads only. */
const readMayCancel = async ({ req }: Context): Promise<boolean> => {
  const body = await readBody(req.raw, MAX_BYTES);
  if (body.length === 0) return false;
  checkJsonType(req.header("content-type"));
  const asked = parseJson(body);
  if (typeof asked === "object" && asked !== null && !Array.isArray(asked)) {
    const { cancel = false } = asked as { cancel?: unknown };
    if (typeof cancel === "boolean") return cancel;
  }
  throw new RejoinderError("INVALID_REQUEST", {
    detail: 'Expected no body, or {"cancel": true} for a token that may also cancel the request.',
  });
};
