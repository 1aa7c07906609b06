import type { Context } from "hono";
import { type Contract, findOperation } from "../../contract/contract.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import type { RequestListBody } from "../../protocol/request-list.ts";
import { type State, STATES } from "../../protocol/states.ts";
import { type CorrelationIds, PUBLIC_OWNER } from "../correlation-id.ts";
import type { Authorize, Principal } from "../identity/principal.ts";
import type { ListPosition, ListQuery, ListRequests } from "../request-index.ts";
import { jsonResponse, statusPath } from "../responses.ts";
import { type Sha256, webSha256 } from "../sha256.ts";
import type { StatusStore } from "../status-store.ts";

type RequestsListOptions = {
  readonly authorize: Authorize;
  readonly contract: Contract;
  readonly ids: Pick<CorrelationIds, "read">;
  readonly statuses: Pick<StatusStore, "name">;
  /** Undefined: there is no index of requests. */
  readonly listRequests: ListRequests | undefined;
  readonly sha256?: Sha256 | undefined;
};

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** `GET /requests`: the caller's own requests as long as their statuses can be read, the newest first, each in the state in which it is now. */
export const createRequestsListRoute = (options: RequestsListOptions) => {
  const { authorize, contract, ids, statuses, listRequests, sha256 = webSha256 } = options;

  /** Binds a cursor to what was asked for. The rest of it is a correlation ID, which is signed. */
  const digestOf = async ({ operation, state }: Pick<ListQuery, "operation" | "state">): Promise<string> =>
    (await sha256(JSON.stringify({ operation, state }))).slice(0, DIGEST_LENGTH);

  const readCursor = async (text: string, owners: readonly string[], digest: string): Promise<ListPosition> => {
    const id = text.endsWith(`.${digest}`) ? await ids.read(text.slice(0, -digest.length - 1)) : undefined;
    if (id === undefined || !owners.includes(id.owner)) throw invalid("after", "the next of an answer to you with the same filter", text);
    return id;
  };

  return async (context: Context): Promise<Response> => {
    const caller = await authorize(context, "status:read");
    checkCaller(caller);
    if (listRequests === undefined)
      throw new RejoinderError("NOT_SUPPORTED", { detail: statuses.name === "kv" ? NOT_BY_KV : SWITCHED_OFF });
    const url = new URL(context.req.url);
    const filter = readFilter(url.searchParams, contract);
    const limit = readLimit(readOne(url.searchParams, "limit"));
    const owners = [caller.owner, ...(caller.formerOwners ?? [])];
    const digest = await digestOf(filter);
    const cursor = readOne(url.searchParams, "after");
    const after = cursor === undefined ? undefined : await readCursor(cursor, owners, digest);
    const { requests, next } = await listRequests({ owners, ...filter, after, limit }).catch((cause: unknown) => {
      console.error("The requests of a caller could not be listed", cause);
      throw new RejoinderError("STORE_UNAVAILABLE", { cause });
    });
    const body: RequestListBody = {
      requests: requests.map(({ key, operation, state }) => ({
        correlationId: key.text,
        operation,
        state,
        acceptedAt: timeOf(key.createdAt),
        deadline: timeOf(key.deadline),
        expiresAt: timeOf(key.expiresAt),
        status: statusPath(key.text),
      })),
      ...(next && { next: `${next.text}.${digest}` }),
    };
    if (body.next === undefined) return jsonResponse(200, JSON.stringify(body));
    url.searchParams.set("after", body.next);
    return jsonResponse(200, JSON.stringify(body), { link: `<${url.pathname}?${url.searchParams.toString()}>; rel="next"` });
  };
};

const DIGEST_LENGTH = 8;

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** Nobody owns what anybody has sent, and a token for one status is for no other. */
const checkCaller = ({ owner, token }: Principal): void => {
  if (token !== undefined)
    throw new RejoinderError("INSUFFICIENT_SCOPE", {
      detail: "Expected credentials of the caller who sent the requests, not a token for one status.",
      headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="status:read"' },
    });
  if (owner === PUBLIC_OWNER) throw new RejoinderError("UNAUTHENTICATED", { detail: ANONYMOUS, headers: { "www-authenticate": "Bearer" } });
};

const ANONYMOUS =
  "Requests are listed for those who sent them, and nobody knows who you are. Call with credentials: the Worker takes some with AUTH=keys, AUTH=jwt or authenticate.";
const SWITCHED_OFF = "This Worker keeps no index of requests. Set REQUEST_INDEX=on to have those listed that come from then on.";
const NOT_BY_KV = "REPLY_STORE=kv cannot list requests. Keep the correlation IDs.";

/** What is empty counts as absent. @throws RejoinderError `INVALID_QUERY` */
const readOne = (query: URLSearchParams, name: string): string | undefined => {
  const values = query.getAll(name);
  if (values.length > 1) throw invalid(name, "there once", values.join(", "));
  return values[0] || undefined;
};

const readFilter = (query: URLSearchParams, contract: Contract): Pick<ListQuery, "operation" | "state"> => {
  const operation = readOne(query, "operation");
  const known = Object.keys(contract);
  if (operation !== undefined && findOperation(contract, operation) === undefined)
    throw invalid("operation", `one of ${known.join(", ")}`, operation);
  const state = readOne(query, "state");
  if (state !== undefined && !isState(state)) throw invalid("state", `one of ${STATES.join(", ")}`, state);
  return { operation, state };
};

const isState = (text: string): text is State => (STATES as readonly string[]).includes(text);

const readLimit = (text = String(DEFAULT_LIMIT)): number => {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid("limit", `a number from 1 to ${MAX_LIMIT}`, text);
  return limit;
};

const invalid = (name: string, expected: string, got: string): RejoinderError =>
  new RejoinderError("INVALID_QUERY", { detail: `Expected ${name} to be ${expected}, got ${JSON.stringify(got.slice(0, 100))}.` });
