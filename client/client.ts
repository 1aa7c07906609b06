import { type ClientError, type ClientErrorCode, createFail, type DefinedError, type Fail, isDefined } from "./client-error.ts";
import type {
  ChunkOf,
  ClientContract,
  ErrorCodeOf,
  ErrorDataOf,
  ProgressOf,
  ReplyOf,
  RequestOf,
  RowOf,
  Schema,
  SchemaIssue,
  ViewNameOf,
} from "./contract.ts";
import { sendBatch } from "./batch.ts";
import { createExchange, type Exchange } from "./exchange.ts";
import type { Work } from "./follow.ts";
import { MAX_WAIT_SECONDS } from "../protocol/limits.ts";
import { type ListedRequest, type ListOptions, listPages } from "./list.ts";
import { createSlots } from "./slots.ts";
import { startSubmission, type Submission } from "./submission.ts";
import { type ListedRow, openView, type ViewOptions, type ViewRow, type ViewsOptions } from "./view.ts";

/** How a client reaches the Worker, and what it checks. */
export type ClientOptions<C extends ClientContract> = {
  /** The Worker's URL, such as `https://api.example.com`. Absent: the origin of the page. */
  readonly url?: string;
  /** If it is given, the client checks requests before it sends them, and replies before it returns them. The type alone gives types. */
  readonly contract?: C;
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch;
  /** How many exchanges run at once. Default: six, as many as a browser has connections to one origin. */
  readonly maxConnections?: number;
};

/** Options of one request. */
export type RequestOptions = {
  /** Ends the wait for the reply, and never the request. */
  readonly signal?: AbortSignal;
  /** How long to wait for the reply, in milliseconds from the call. Absent: until the request has ended. */
  readonly timeoutMs?: number;
  /**
   * A key by which the server recognises the request if it is sent again, by this call or another: up to 255 ASCII characters. Absent: one of its own for
   * each call, if the server takes keys.
   */
  readonly idempotencyKey?: string;
  /** Of a command: the version that its aggregate must have, or else it is refused by `VERSION_MISMATCH`, with the `version` that it has. */
  readonly ifMatch?: number;
  /** Headers to send, such as `Authorization` or `traceparent`. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** A submission, with the types of an operation. */
type SubmissionOf<C extends ClientContract, Name extends keyof C> = Submission<ReplyOf<C, Name>, ProgressOf<C, Name>, ChunkOf<C, Name>>;

/** One of several requests that are sent together. */
export type BatchRequest<C extends ClientContract> = {
  readonly [Name in keyof C & string]: {
    readonly operation: Name;
    readonly request: RequestOf<C, Name>;
    /** As of a request that is sent alone. */
    readonly ifMatch?: number;
  };
}[keyof C & string];

/** Calls the operations of a contract. */
export type Client<C extends ClientContract> = {
  /** Sends a request and resolves to its reply. Rejects with a {@link ClientError}. */
  request<Name extends keyof C & string>(operation: Name, request: RequestOf<C, Name>, options?: RequestOptions): Promise<ReplyOf<C, Name>>;
  /** Sends a request that you can watch. What goes wrong rejects the promises of the submission. */
  submit<Name extends keyof C & string>(operation: Name, request: RequestOf<C, Name>, options?: RequestOptions): SubmissionOf<C, Name>;
  /**
   * Sends up to 100 requests in one call, each of which you can watch: one submission for each, in their order. What goes wrong with one rejects the
   * promises of its submission, and the others go on. A key is for all of them together.
   */
  submitAll<const Requests extends readonly BatchRequest<C>[]>(
    requests: Requests,
    options?: Omit<RequestOptions, "ifMatch">,
  ): { readonly [Index in keyof Requests]: SubmissionOf<C, Requests[Index]["operation"]> };
  /**
   * Waits again for a request that was sent earlier, such as by a page before it was reloaded. With `operation`, the reply has its type, and
   * is checked.
   */
  resume<Name extends keyof C & string>(
    correlationId: string,
    options?: Omit<RequestOptions, "idempotencyKey" | "ifMatch"> & { readonly operation?: Name },
  ): SubmissionOf<C, Name>;
  /**
   * The requests that the caller has sent, the newest first, as long as their statuses can be read. It asks as the iteration goes on, which throws a
   * {@link ClientError}: `NOT_SUPPORTED` where the server keeps no index of requests, `UNAUTHENTICATED` where nobody knows the caller.
   */
  list<Name extends keyof C & string>(options?: ListOptions<Name>): AsyncIterable<ListedRequest<Name>>;
  /**
   * A row of a view: `await` it to read it, or iterate over it to get it and each change. With `after`, it has what was written up to that position.
   */
  view<Name extends ViewNameOf<C>>(view: Name, key: string, options?: ViewOptions): ViewRow<RowOf<C, Name>>;
  /** The rows of a view whose keys begin with a prefix, by their keys. It asks as the iteration goes on, which throws a {@link ClientError}. */
  views<Name extends ViewNameOf<C>>(view: Name, options?: ViewsOptions): AsyncIterable<ListedRow<RowOf<C, Name>>>;
  /** Whether an error is the one that the contract defines under that code. Its data then has the contract's type. */
  isDefined<const Code extends ErrorCodeOf<C>>(error: unknown, code: Code): error is DefinedError<Code, ErrorDataOf<C, Code>>;
  /** Rejects everything that waits, with the code `CLOSED`. Requests that were sent go on. */
  close(): void;
};

/** Creates a client, which calls operations over HTTP from a browser or Node. It opens no connection before the first call. */
export const createClient = <C extends ClientContract>({
  url = "",
  contract,
  fetch = globalThis.fetch,
  maxConnections = 6,
}: ClientOptions<C> = {}): Client<C> => {
  // As a method of anything but the window, a browser's own fetch refuses to be called.
  const exchange = createExchange({ url: url.replace(/\/$/, ""), fetch: (...args) => fetch(...args), slots: createSlots(maxConnections) });
  const closing = new AbortController();
  /** Until it says that it cannot. */
  let takesKeys = true;

  const exchangeWith =
    (headers: RequestOptions["headers"]): Exchange =>
    (asking) =>
      exchange({ ...asking, headers: { ...headers, ...asking.headers } });

  type Prepare = (fail: Fail) => Promise<Work>;
  const start = (
    operation: string | undefined,
    { signal, timeoutMs, headers }: RequestOptions,
    prepare: Prepare,
    known: { readonly correlationId?: string; readonly idempotencyKey?: string | undefined },
  ): Submission<never, never, never> =>
    startSubmission({
      ...known,
      prepare,
      async readReply(reply, fail) {
        const schema = operation === undefined ? undefined : contract?.[operation]?.reply;
        return (schema === undefined ? reply : await check(schema, reply, "INVALID_REPLY", fail)) as never;
      },
      readError: (error) => readDefined(error, operation === undefined ? undefined : contract?.[operation]),
      signal,
      timeoutMs,
      closing: closing.signal,
      exchange: exchangeWith(headers),
      fail: createFail(),
    });

  const checkRequest = async (operation: string, request: unknown, fail: Fail): Promise<void> => {
    if (contract === undefined) return;
    if (!Object.hasOwn(contract, operation)) throw fail("UNKNOWN_OPERATION", { detail: `expected ${Object.keys(contract).join(", ")}` });
    await check((contract[operation] as C[string]).request, request, "INVALID_REQUEST", fail);
  };
  /** The key of a call, and what to do when the server takes none. */
  const keyFor = ({ idempotencyKey }: RequestOptions) => ({
    idempotencyKey: idempotencyKey ?? createOwnKey(),
    onKeyRefused: idempotencyKey === undefined ? () => void (takesKeys = false) : undefined,
  });
  const createOwnKey = (): string | undefined => (takesKeys ? createKey() : undefined);

  const send = (operation: string, request: unknown, options: RequestOptions, waitSeconds: number): Submission<never, never, never> => {
    const key = keyFor(options);
    const prepare: Prepare = async (fail) => {
      await checkRequest(operation, request, fail);
      return { operation, body: JSON.stringify(request), ifMatch: options.ifMatch, waitSeconds, ...key };
    };
    return start(operation, options, prepare, key);
  };

  const sendAll = (requests: readonly BatchRequest<C>[], options: RequestOptions) => {
    const key = keyFor(options);
    const { signal, timeoutMs, headers } = options;
    const ends = [closing.signal, signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
    const fail = createFail();
    const checked = requests.map(({ operation, request }) => checkRequest(operation, request, fail));
    const sent = Promise.allSettled(checked).then(async (checks) => {
      const isDue = checks.map(({ status }) => status === "fulfilled");
      const items = requests.filter((_, index) => isDue[index]);
      if (items.length === 0) return [];
      const results = await sendBatch({
        ...key,
        items: items.map(({ operation, request, ifMatch }) => ({ operation, body: JSON.stringify(request), ifMatch })),
        exchange: exchangeWith(headers),
        signal: AbortSignal.any(ends.filter((end) => end !== undefined)),
        fail: (why, details) => fail(why, { idempotencyKey: key.idempotencyKey, ...details }),
        createKey: createOwnKey,
      });
      return isDue.map((due) => (due ? results.shift() : undefined));
    });
    return requests.map(({ operation }, index) => {
      const prepare: Prepare = async (failed) => {
        await checked[index];
        const result = (await sent)[index] as Awaited<ReturnType<typeof sendBatch>>[number];
        if (typeof result === "function") return result();
        throw failed(result);
      };
      return start(operation, options, prepare, key);
    });
  };

  /** For what is asked about something else than a request. */
  const asked = (headers: RequestOptions["headers"]) => ({ closing: closing.signal, exchange: exchangeWith(headers), fail: createFail() });

  return {
    request: (operation, request, options = {}) => send(operation, request, options, postWaitSeconds(options)).reply,
    submit: (operation, request, options = {}) => send(operation, request, options, 0),
    submitAll: ((requests, options = {}) => sendAll(requests, options)) as Client<C>["submitAll"],
    resume: (correlationId, options = {}) => start(options.operation, options, async () => ({ correlationId }), { correlationId }),
    list: ({ headers, signal, ...query } = {}) =>
      listPages({
        path: "/requests",
        kind: "requests",
        query,
        waitSeconds: 0,
        cursor: "after",
        ...asked(headers),
        signal,
      }) as AsyncIterable<never>,
    view: (view, key, options = {}) => openView({ ...options, view, key, ...asked(options.headers) }),
    views: (view, { headers, signal, ...query } = {}) =>
      listPages({
        path: `/views/${view}`,
        kind: "rows",
        query,
        cursor: "cursor",
        waitSeconds: query.after === undefined ? 0 : MAX_WAIT_SECONDS,
        ...asked(headers),
        signal,
      }) as AsyncIterable<never>,
    isDefined: isDefined as Client<C>["isDefined"],
    close: () => closing.abort(),
  };
};

/** Short, and at most half of the remaining time, so that there is time to receive the correlation ID. */
const postWaitSeconds = ({ timeoutMs = 10_000 }: RequestOptions): number => Math.min(5, Math.floor(timeoutMs / 2000));

/** Not `randomUUID`, which only secure contexts have. */
const createKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** What a schema makes of a value. @throws ClientError that names everything that does not fit */
const check = async (schema: Schema, value: unknown, why: ClientErrorCode, fail: Fail): Promise<unknown> => {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw fail(why, { issues: result.issues, detail: result.issues.map(textOf).join("; ") });
};

/** Gives an error of the server its data, if the operation defines it. Without an operation there is nothing to check it by. */
const readDefined = async (error: ClientError, operation: ClientContract[string] | undefined): Promise<ClientError> => {
  const { problem, code } = error;
  if (problem === undefined) return error;
  const define = (data: unknown): ClientError => Object.assign(error, { isDefined: true, data });
  if (operation === undefined) return define(problem["data"]);
  const { errors = {} } = operation;
  if (!Object.hasOwn(errors, code)) return error;
  const result = await errors[code]?.data?.["~standard"].validate(problem["data"]);
  return result?.issues === undefined ? define(result?.value) : error;
};

/** Standard Schema has keys in a path, and objects that hold a key. */
const textOf = ({ path = [], message }: SchemaIssue): string =>
  [...path.map((step) => (step as { readonly key?: unknown }).key ?? step), message].map(String).join(": ");
