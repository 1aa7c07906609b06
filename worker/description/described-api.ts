import type { Contract } from "../../contract/contract.ts";
import type { WorkerConfig } from "../config.ts";
import type { CallersDescription } from "./security.ts";

/** The documents that describe this API, by where they are, and their media types. */
export const DOCUMENTS = {
  openapi: { path: "/openapi.json", type: "application/vnd.oai.openapi+json;version=3.1" },
  asyncapi: { path: "/asyncapi.json", type: "application/vnd.aai.asyncapi+json;version=3.0.0" },
  catalog: { path: "/.well-known/api-catalog", type: 'application/linkset+json;profile="https://www.rfc-editor.org/info/rfc9727"' },
} as const;

/** A route as the application serves it: `:name` in its path is a parameter. */
export type ServedRoute = { readonly method: string; readonly path: string };

/** What the documents say of an API. */
export type DescribedApi = {
  readonly contract: Contract;
  /** What is not served is not described. */
  readonly routes: readonly ServedRoute[];
  readonly callers: CallersDescription;
  /** Absent: the API is where its document is. */
  readonly publicUrl?: string | undefined;
  /** Whether callers have limits. */
  readonly hasLimits: boolean;
};

/** What configuration and application decide of it. */
export type Description = Pick<DescribedApi, "callers" | "publicUrl">;

/** What the documents say of who may call and where; undefined if there are none, as `DOCS` says. */
export const readDescription = (
  { DOCS, AUTH: ways = [], JWT_ISSUER: issuer, PUBLIC_URL: publicUrl }: Pick<WorkerConfig, "DOCS" | "AUTH" | "JWT_ISSUER" | "PUBLIC_URL">,
  authenticate: unknown,
): Description | undefined =>
  DOCS === "off" ? undefined : { callers: { ways, issuer, hasAuthenticate: authenticate !== undefined }, publicUrl };
