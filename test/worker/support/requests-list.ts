import type { RequestListBody } from "../../../protocol/request-list.ts";
import { call, post } from "./worker.ts";

type Headers = Readonly<Record<string, string>>;

/** Sends a request of somebody. @returns its correlation ID */
export const sendAs = async (headers: Headers, operation = "sum", body: unknown = { a: 2, b: 3 }): Promise<string> => {
  const response = await post(operation, body, headers);
  if (response.status !== 202) throw new Error(await response.text());
  const { correlationId, acceptedAt } = await response.json<{ correlationId: string; acceptedAt: string }>();
  // Only those of different milliseconds have an order that tests know.
  while (Date.now() <= Date.parse(acceptedAt)) await call("/health");
  return correlationId;
};

/** What `GET /requests` tells somebody. */
export const listAs = async (headers: Headers, query = ""): Promise<RequestListBody> => {
  const response = await call(`/requests${query}`, { headers });
  if (response.status !== 200) throw new Error(await response.text());
  return await response.json();
};

/** The correlation IDs of a list. */
export const idsOf = ({ requests }: RequestListBody): string[] => requests.map(({ correlationId }) => correlationId);
