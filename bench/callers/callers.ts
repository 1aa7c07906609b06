import { hash } from "node:crypto";
import { createSignedCall } from "../../cli/signed-call.ts";
import { readWebhookSecret } from "../../protocol/webhook-signature.ts";
import { createApiKey, shortEnvironment } from "../../worker/identity/keys/api-key.ts";
import { inTurn, type Work } from "../load.ts";
import type { Stack, StackOptions } from "../processes.ts";
import { createTargets, expectAnswer, SUM_REPLY } from "../requests.ts";
import { ALGORITHMS, type Issuer } from "./issuer.ts";
import { COUNTED_PLAN } from "../costs/counted/plans.ts";

/** As many callers of each kind as there are connections: no one of them comes near a limit. */
const CALLERS = 32;
/** More than a Worker remembers, which forgets all when there are too many: each is verified whenever it comes. */
const UNREMEMBERED = 600;
/** That of every start on one machine. */
const ENVIRONMENT = "local";

/** Kinds of callers, by name. All ask for the same sum, and wait for it. */
export type Callers = Readonly<Record<string, Work>>;

/** Where all kinds of callers may call. @param issuer whose tokens are taken */
export const stackOptionsFor = (issuer: Issuer): StackOptions => ({ variables: { AUTH: "public,keys,jwt", ...issuer.variables } });

/** Callers without credentials, and those of each other kind with theirs. Each kind has been answered once. @throws Error if an answer is wrong */
export const createCallers = async (stack: Stack, issuer: Issuer): Promise<Callers> => {
  const callers = await createUnknownCallers(stack, issuer);
  // One at a time: a Worker that does not have the issuer's keys yet lets few callers wait for them.
  for (const work of Object.values(callers)) for (const target of work.next()) await expectAnswer(target, SUM_REPLY);
  return callers;
};

const createUnknownCallers = async (stack: Stack, issuer: Issuer): Promise<Callers> => {
  const target = createTargets(stack)["request-reply"];
  const withHeader = (header: Readonly<Record<string, string>>) => ({ ...target, headers: { ...target.headers, ...header } });
  const bearing = (credentials: readonly string[]): Work =>
    inTurn(credentials.map((one) => [withHeader({ authorization: `Bearer ${one}` })]));
  const signAll = (algorithm: (typeof ALGORITHMS)[number], count: number, kind: string) =>
    Promise.all(Array.from({ length: count }, (_, index) => issuer.sign(algorithm, `${kind}-${index}`)));
  const tokens: Record<string, Work> = {};
  for (const algorithm of ALGORITHMS) {
    tokens[`token, ${algorithm}`] = bearing(await signAll(algorithm, CALLERS, "caller"));
    tokens[`new token, ${algorithm}`] = bearing(await signAll(algorithm, UNREMEMBERED, "passer-by"));
  }
  let idempotencyKeys = 0;
  return {
    public: inTurn([[target]]),
    "API key": bearing(await createKeys(stack)),
    ...tokens,
    quota: bearing(await createKeys(stack, COUNTED_PLAN)),
    "Idempotency-Key": { origin: target.origin, next: () => [withHeader({ "idempotency-key": `bench-${idempotencyKeys++}` })] },
  };
};

/** API keys, as `rejoinder keys create` makes them. @throws Error if the Worker does not take them */
const createKeys = async ({ workerUrl, replySecret }: Stack, plan?: string): Promise<readonly string[]> => {
  const call = createSignedCall({ url: workerUrl, key: readWebhookSecret(replySecret) as Uint8Array });
  const made: string[] = [];
  for (let index = 0; index < CALLERS; index++) {
    const { id, key } = createApiKey(shortEnvironment(ENVIRONMENT));
    const stored = { id, hash: hash("sha256", key, "hex"), subject: `${plan ?? "caller"}-${index}`, scopes: ["requests:*"], plan };
    const answer = await call("/keys", { action: "create", key: stored });
    if (!answer.isDone) throw new Error(`Expected the Worker to take an API key, got ${JSON.stringify(answer.problem)}`);
    made.push(key);
  }
  return made;
};
