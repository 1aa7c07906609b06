import type { Problem } from "../protocol/problem.ts";
import type { JsonSchema } from "./editor/field.ts";

/** What the page needs of an operation, as `GET /contract` tells it. */
export type OperationDescription = {
  /** What a caller sends. */
  readonly request: JsonSchema;
  readonly deadlineSeconds: number;
  readonly retentionSeconds: number;
};

/** The operations of a Worker by name. */
export type ContractDescription = { readonly [operation: string]: OperationDescription };

/** The views of a Worker by name: version, and the aggregate whose events the rows are made of. */
export type ViewDescriptions = { readonly [view: string]: { readonly version: number; readonly aggregate: string } };

/** What a Worker has to call and to read. */
export type Described = { readonly operations: ContractDescription; readonly views: ViewDescriptions };

const PATIENCE_MS = 10_000;

/** Asks the Worker for its contract. @throws Error whose message says why there is none, in a sentence for people */
export const readContract = async (fetch: typeof globalThis.fetch): Promise<Described> => {
  const response = await fetch("/contract", { signal: AbortSignal.timeout(PATIENCE_MS) }).catch((cause: unknown) => {
    throw new Error("The server does not answer.", { cause });
  });
  const body = (await response.json().catch(() => undefined)) as { readonly operations?: unknown; readonly views?: unknown } | undefined;
  if (!response.ok) throw new Error(reasonOf(response.status, body as Partial<Problem> | undefined));
  if (!isContract(body?.operations)) throw new Error("The server's answer to GET /contract is not a contract of rejoinder.");
  if (Object.keys(body.operations).length === 0) throw new Error("It has no operations.");
  // A Worker of an earlier version has none.
  return { operations: body.operations, views: isObject(body.views) ? (body.views as ViewDescriptions) : {} };
};

/** What the server says, if it says something: a Worker that is not configured names what is missing. */
const reasonOf = (status: number, { title, detail, problems }: Partial<Problem> = {}): string =>
  title === undefined
    ? `The server answers GET /contract with HTTP ${status}.`
    : [`${title}.`, detail, ...(Array.isArray(problems) ? problems.map(String) : [])].filter(Boolean).join(" ");

const isContract = (value: unknown): value is ContractDescription =>
  isObject(value) && Object.values(value).every((operation) => isObject(operation) && isObject(operation["request"]));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
