import type { Context } from "hono";
import { OPERATOR } from "./principal.ts";
import { jsonResponse } from "../responses.ts";

type ProtectedResourceOptions = {
  /** Absent: the origin that the caller used. */
  readonly publicUrl: string | undefined;
  /** Whose tokens are taken, if any are. */
  readonly issuer: string | undefined;
  readonly scopes: readonly string[];
};

export const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** `GET /.well-known/oauth-protected-resource`: where to get credentials for this API, and which (RFC 9728). */
export const createProtectedResource = ({ publicUrl, issuer, scopes }: ProtectedResourceOptions) => {
  const resourceOf = ({ url }: Request): string => publicUrl ?? new URL(url).origin;
  return {
    urlOf: (request: Request): string => resourceOf(request) + METADATA_PATH,

    route: ({ req }: Context): Response =>
      jsonResponse(
        200,
        JSON.stringify({
          resource: resourceOf(req.raw),
          ...(issuer !== undefined && { authorization_servers: [issuer] }),
          scopes_supported: scopes.filter((scope) => scope !== OPERATOR),
          bearer_methods_supported: ["header"],
        }),
      ),
  };
};

export type ProtectedResource = ReturnType<typeof createProtectedResource>;
