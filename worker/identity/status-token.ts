import { errors, jwtVerify, SignJWT } from "jose";
import type { CorrelationId, CorrelationIds } from "../correlation-id.ts";
import { unauthenticated } from "./authenticate.ts";
import { deriveKey } from "./derived-key.ts";
import { readTokenHeader } from "./jwt/token-header.ts";
import { type Principal, STATUS_CANCEL } from "./principal.ts";

type StatusTokensOptions = {
  /** Of correlation IDs, newest first: the first signs, all verify. */
  readonly secrets: readonly { readonly number: number; readonly secret: string }[];
  readonly environment: string;
  readonly ids: Pick<CorrelationIds, "read">;
  readonly now?: (() => number) | undefined;
};

/** A token for one status. */
export type StatusToken = {
  readonly token: string;
  /** Milliseconds since 1970. */ readonly expiresAt: number;
  readonly scopes: readonly string[];
};

export type StatusTokens = {
  create(id: CorrelationId, mayCancel: boolean): Promise<StatusToken>;
  /** Who may read a status by a token; undefined if the text is none of ours. Rejects with `UNAUTHENTICATED`. */
  read(text: string): Promise<Principal | undefined>;
};

const TYPE = "rejoinder-status+jwt";
const MAX_AGE_MS = 300_000;
const ALGORITHM = "HS256";

/**
 * Tokens by which somebody else may read one status for five minutes, such as a browser whose server sent the request: a JWS under a key that is made
 * of the secret of correlation IDs. Nothing is stored, so none can be taken back.
 */
export const createStatusTokens = ({ secrets, environment, ids, now = Date.now }: StatusTokensOptions): StatusTokens => {
  const keys = new Map<string, Promise<CryptoKey>>();
  const keyOf = (number: string): Promise<CryptoKey> | undefined => {
    const secret = secrets.find((candidate) => String(candidate.number) === number)?.secret;
    if (secret === undefined) return undefined;
    let key = keys.get(number);
    if (key === undefined) keys.set(number, (key = deriveKey(new TextEncoder().encode(secret), `rejoinder status token ${environment}`)));
    return key;
  };

  return {
    async create(id, mayCancel) {
      const issuedAt = Math.floor(now() / 1_000);
      const expiresAt = Math.min(issuedAt + MAX_AGE_MS / 1_000, Math.floor(id.expiresAt / 1_000));
      const kid = String((secrets[0] as { number: number }).number);
      const scopes = mayCancel ? ["status:read", STATUS_CANCEL] : ["status:read"];
      const token = await new SignJWT({ scope: scopes.join(" ") })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
        .setSubject(id.text)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign((await keyOf(kid)) as CryptoKey);
      return { token, expiresAt: expiresAt * 1_000, scopes };
    },

    async read(text) {
      if (readTokenHeader(text)?.typ !== TYPE) return undefined;
      const { sub = "", scope, exp = 0 } = await verify(text);
      const id = await ids.read(sub);
      if (id === undefined) throw unauthenticated(WRONG);
      const token = { correlationId: sub, expiresAt: exp * 1_000 };
      return { subject: undefined, authtype: "unknown", scopes: String(scope).split(" "), owner: id.owner, token };
    },
  };

  async function verify(text: string) {
    try {
      const { payload } = await jwtVerify(
        text,
        ({ kid = "" }) => keyOf(kid) ?? Promise.reject(new errors.JWSSignatureVerificationFailed()),
        { algorithms: [ALGORITHM], typ: TYPE, requiredClaims: ["sub", "exp"], currentDate: new Date(now()) },
      );
      return payload;
    } catch (error) {
      throw unauthenticated(error instanceof errors.JWTExpired ? "The token has expired. Ask for another one." : WRONG);
    }
  }
};

const WRONG = "Expected a token as POST /status/:correlationId/token of this Worker gave it.";
