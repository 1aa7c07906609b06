import * as z from "zod";
import type { Demand } from "../../environment/environment.ts";
import { commaList } from "../../environment/variables.ts";

const WAYS = ["public", "keys", "jwt"] as const;
type Way = (typeof WAYS)[number];

/** Signed by a key that only the issuer has. With a shared secret, whoever can check a token could make one. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;

const isOneOf = (names: readonly string[], text: string): boolean => names.includes(text);

/** Keys over plain http could be anybody's, unless they come from this machine. */
const isSafeUrl = (text: string): boolean =>
  URL.canParse(text) && /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/.test(new URL(text).href);
const safeUrl = () => z.string().refine(isSafeUrl, "Expected a URL that starts with https://; http:// only of this machine.");

/** Who may call, and how the Worker knows them. */
export const identityVariables = {
  AUTH: commaList()
    .refine(
      (ways) => ways.length > 0 && ways.every((way) => isOneOf(WAYS, way)),
      "Expected public (anybody may call; choose it knowingly), keys or jwt, or several of them, comma-separated.",
    )
    .transform((ways): readonly Way[] => ways as Way[])
    .optional()
    .describe("Set it to keys or jwt, or to public if anybody may call."),
  /** As it is in the tokens, to the last slash. */
  JWT_ISSUER: safeUrl().optional().describe("Set it to the issuer of the tokens, as their claim iss has it."),
  /** A token for any of them is for this API. */
  JWT_AUDIENCE: commaList()
    .refine((audiences) => audiences.length > 0, "Expected at least one audience.")
    .optional()
    .describe("Set it to what the claim aud of tokens for this API says."),
  JWT_ALGORITHMS: commaList()
    .refine(
      (algorithms) => algorithms.length > 0 && algorithms.every((algorithm) => isOneOf(ALGORITHMS, algorithm)),
      `Expected some of ${ALGORITHMS.join(", ")}, comma-separated.`,
    )
    .default(["RS256", "ES256", "EdDSA", "Ed25519"]),
  /** Absent: where the metadata of the issuer says. */
  JWT_JWKS_URL: safeUrl().optional(),
};

/** What an application decides of identity, which the variables then need not. */
export type IdentitySettings = { readonly hasAuthenticate?: boolean };

/** What the variables of identity demand of one another. */
export const demandIdentity =
  ({ hasAuthenticate = false }: IdentitySettings): Demand =>
  (set) => {
    const { AUTH: ways } = set;
    if (ways === undefined) return hasAuthenticate ? {} : { AUTH: "Expected it." };
    const isJwt = String(ways)
      .split(",")
      .some((way) => way.trim() === "jwt");
    const missing = isJwt ? ["JWT_ISSUER", "JWT_AUDIENCE"].filter((name) => set[name] === undefined) : [];
    return Object.fromEntries(missing.map((name) => [name, "Expected it, for AUTH=jwt."]));
  };
