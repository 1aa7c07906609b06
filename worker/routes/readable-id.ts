import { RejoinderError } from "../../protocol/errors.ts";
import type { CorrelationId, CorrelationIds } from "../correlation-id.ts";
import type { Principal } from "../identity/principal.ts";

/**
 * The ID of a status that may be read. Forged, foreign and not yours get the same response, so that nobody can tell them apart.
 * @throws RejoinderError `UNKNOWN_CORRELATION_ID` or `STATUS_GONE`
 */
export const readReadableId = async (ids: CorrelationIds, principal: Principal, text: string, nowMs: number): Promise<CorrelationId> => {
  const id = await readOwnId(ids, principal, text);
  if (nowMs >= id.expiresAt) {
    throw new RejoinderError("STATUS_GONE", { detail: `The status could be read until ${new Date(id.expiresAt).toISOString()}.` });
  }
  return id;
};

/** The same, also of a status that is gone. @throws RejoinderError `UNKNOWN_CORRELATION_ID` */
export const readOwnId = async (ids: CorrelationIds, principal: Principal, text: string): Promise<CorrelationId> => {
  const id = await ids.read(text);
  if (id !== undefined && isOwn(principal, id)) return id;
  throw new RejoinderError("UNKNOWN_CORRELATION_ID", { detail: "Expected a correlation ID as a Location header of this API gave it." });
};

const isOwn = ({ owner, formerOwners = [], token }: Principal, id: CorrelationId): boolean =>
  (id.owner === owner || formerOwners.includes(id.owner)) && (token === undefined || token.correlationId === id.text);
