import type { Contract } from "../../contract/contract.ts";
import { scopesOf } from "../identity/scopes.ts";
import type { Access } from "./route-description.ts";

/** Who may call this API, as its configuration says. */
export type CallersDescription = {
  /** What `AUTH` names. */
  readonly ways: readonly ("public" | "keys" | "jwt")[];
  /** Whose tokens are taken, if any are. */
  readonly issuer?: string | undefined;
  /** Whether the application knows callers in a way of its own. */
  readonly hasAuthenticate: boolean;
};

type Requirement = { readonly [scheme: string]: readonly string[] };

/** The security schemes of an API, by the names that requirements use. */
export const createSecuritySchemes = (
  { ways, issuer, hasAuthenticate }: CallersDescription,
  contract: Contract,
): Record<string, object> => {
  const scopes = scopesOf(contract)
    .map((scope) => `\`${scope}\``)
    .join(", ");
  return {
    ...(hasAuthenticate && {
      credentials: { type: "http", scheme: "bearer", description: "Credentials that the owner of this API gives out." },
    }),
    ...(ways.includes("keys") && {
      apiKey: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "rj_<environment>_<id>_<secret>",
        description: `An API key. Its scopes are among ${scopes}.`,
      },
    }),
    ...(ways.includes("jwt") && {
      jwt: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: `A token of ${issuer}. Its scopes are among ${scopes}.` },
    }),
    statusToken: {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: "A token for one status, as `POST /status/{correlationId}/token` gives it, for five minutes.",
    },
    statusTokenInQuery: {
      type: "apiKey",
      in: "query",
      name: "token",
      description: "The same, for readers that send no headers, such as `EventSource`.",
    },
    signature: {
      type: "apiKey",
      in: "header",
      name: "webhook-signature",
      description: "HMAC-SHA256 of `id.timestamp.body` under the secret of replies, as `v1,<base64>` (Standard Webhooks 1.0).",
    },
  };
};

/** What a route demands: one of these. */
export const requirementsOf = ({ ways, hasAuthenticate }: CallersDescription, access: Access): readonly Requirement[] => {
  if (access === "anybody") return [{}];
  if (access === "signed") return [{ signature: [] }];
  const { scope, refusesTokens = false } = access;
  return [
    ...(ways.includes("public") ? [{}] : []),
    ...(hasAuthenticate ? [{ credentials: [scope] }] : []),
    ...(ways.includes("keys") ? [{ apiKey: [scope] }] : []),
    ...(ways.includes("jwt") ? [{ jwt: [scope] }] : []),
    ...(scope.startsWith("status:") && !refusesTokens ? [{ statusToken: [scope] }] : []),
    ...(scope === "status:read" && !refusesTokens ? [{ statusTokenInQuery: [scope] }] : []),
  ];
};
