import type { ListedRequest, ListPage, ListQuery } from "../request-index.ts";
import type { ReadResult, StatusKey } from "../status-store.ts";
import type { Rows } from "./rows.ts";

/** How many requests are looked at together for those in one state, and how many for one page. Each is read, of old ones perhaps from KV. */
const BATCH = 100;
const MAX_LOOKED_AT = 500;

type ListParts = {
  readonly rows: Pick<Rows, "index">;
  readonly read: (key: StatusKey, waitMs: number) => Promise<ReadResult>;
  readonly now: () => number;
};

/** Lists requests of an owner, in the state in which each of them is now. What is overdue expires by that, as it does for who asks for its status. */
export const createList = ({ rows, read, now }: ListParts) => {
  const withState = async ({ key, operation }: Omit<ListedRequest, "state">): Promise<ListedRequest> => {
    const status = await read(key, 0);
    return { key, operation, state: (status === "overloaded" ? undefined : status?.state) ?? "accepted" };
  };

  return async ({ owners, operation, state, after, limit }: ListQuery): Promise<ListPage> => {
    const size = operation === undefined && state === undefined ? limit : BATCH;
    const requests: ListedRequest[] = [];
    let next = after;
    for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += size) {
      const found = rows.index.find(owners, next, size + 1, now());
      const batch = found.slice(0, size);
      const meant = batch.filter((request) => operation === undefined || request.operation === operation);
      for (const request of await Promise.all(meant.map(withState))) {
        if (state !== undefined && request.state !== state) continue;
        requests.push(request);
        if (requests.length < limit) continue;
        const { key } = request;
        return { requests, next: found.at(-1)?.key.text === key.text ? undefined : key };
      }
      if (found.length <= size) return { requests };
      next = batch.at(-1)?.key;
    }
    return { requests, next };
  };
};
