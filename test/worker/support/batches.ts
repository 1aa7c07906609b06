import type { Problem } from "../../../protocol/problem.ts";
import type { StatusBody } from "../../../protocol/status.ts";
import { call } from "./worker.ts";

/** What a batch answers for one of its requests. */
export type BatchResult = Partial<Omit<StatusBody, "error"> & Problem> & {
  readonly status: number;
  readonly location?: string;
  readonly retryAfterSeconds?: number;
  readonly idempotentReplayed?: true;
};

/** How a batch is posted. */
export const batchInit = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body,
});

/** Posts items, each JSON text, as a batch. */
export const postItems = (items: readonly string[], headers: Record<string, string> = {}): Promise<Response> =>
  call("/requests:batch", batchInit(`{"requests":[${items.join(",")}]}`, headers));

/** An item as JSON text. */
export const itemOf = (operation: string, data: unknown): string => JSON.stringify({ operation, data });

/** The results of a batch that was answered with 200. */
export const resultsOf = async (response: Response): Promise<BatchResult[]> => {
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json<{ results: BatchResult[] }>()).results;
};
