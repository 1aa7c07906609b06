import { RejoinderError } from "../protocol/errors.ts";
import type { ShownChunks } from "./responses.ts";
import type { StatusKey, StatusStore, StoredStatus } from "./status-store.ts";

/** A status, with the chunks that it counts. */
export type StatusView = { readonly status: StoredStatus | undefined; readonly chunks: ShownChunks | undefined };

/** How often a status is read again because its chunks are those of another run already, or the request was sent again. */
const MAX_TRIES = 5;

/**
 * Adds to a status what its handler has emitted: of the same version, so that two views of one version are alike. If the chunks have been
 * replaced since the status was read, it is read again, and the view is of a newer one.
 * @param from how many of the first chunks to leave out
 * @throws RejoinderError `STORE_UNAVAILABLE`; whatever the store rejects with
 */
export const viewStatus = async (
  statuses: Pick<StatusStore, "read" | "readChunks">,
  key: StatusKey,
  read: StoredStatus | undefined,
  from = 0,
): Promise<StatusView> => {
  let status = read;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { version = 0, details } = status ?? {};
    const counted = details?.chunks;
    if (counted === undefined || counted.count === 0) return { status, chunks: undefined };
    const stored = await statuses.readChunks(key, 0);
    const texts = stored
      .filter((chunks) => chunks.version <= version && chunks.execution === counted.execution)
      .flatMap(({ texts }) => texts);
    const left = Math.min(from, counted.count);
    if (texts.length === counted.count) return { status, chunks: { texts: texts.slice(left), from: left } };
    const newer = await statuses.read(key, 0);
    if (newer !== "overloaded") status = newer;
  }
  throw new RejoinderError("STORE_UNAVAILABLE", { detail: "What the handler emits changes faster than it can be read." });
};
