import type { Contract } from "../contract/contract.ts";
import type { CallerAttributes } from "../protocol/caller.ts";
import { RejoinderError } from "../protocol/errors.ts";
import type { RequestEvent } from "../protocol/request-event.ts";
import { isTerminal } from "../protocol/states.ts";
import type { CorrelationId, CorrelationIds } from "./correlation-id.ts";
import type { CallerSeal } from "./identity/caller-seal.ts";
import type { RedriveResult, RequestPublisher } from "./request-publisher.ts";
import { createRecord, operationOf, readData } from "./request-record.ts";
import type { StoredStatus } from "./status-store.ts";

/** A request that is to be sent again, as its record has it. */
export type RedriveRequest = Pick<RequestEvent, "correlationId" | "operation" | "data" | "traceparent" | "expectedVersion"> &
  CallerAttributes;

/** The ID that the request is sent under, and what became of that. */
export type RedriveAttempt = { readonly id: CorrelationId; readonly result: Exclude<RedriveResult, { outcome: "refused" }> };

type RedriverOptions = {
  readonly carry: CallerSeal["carry"];
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  readonly publisher: RequestPublisher;
  /** The `source` of request events. */
  readonly source: string;
  readonly now?: () => number;
};

/** Sends a request again that has failed or expired. @throws RejoinderError saying why it is not to be sent */
export type Redriver = (request: RedriveRequest) => Promise<RedriveAttempt>;

/** Before its deadline it is the same request, and its status begins anew. After that it is a new one, which its status names. */
export const createRedriver =
  ({ carry, contract, ids, publisher, source, now = Date.now }: RedriverOptions): Redriver =>
  async (redrive) => {
    const { correlationId, operation: name, data, traceparent, expectedVersion } = redrive;
    const operation = operationOf(contract, name);
    const json = JSON.stringify(data);
    const request = await readData(operation, data, json);
    const before = await ids.read(correlationId);
    if (before === undefined) {
      throw new RejoinderError("UNKNOWN_CORRELATION_ID", { detail: "Expected the correlation ID of a request that this Worker accepted." });
    }
    if (publisher.redrive === undefined)
      throw new RejoinderError("NOT_SUPPORTED", {
        detail: "With REPLY_STORE=kv, send the data as a new request: POST /requests/:operation.",
      });

    const isSame = now() < before.deadline;
    // In the same shard, which writes both down at once.
    const id = isSame ? before : await ids.create({ ...operation, shard: before.shard, owner: before.owner });
    const unsealed = createRecord({
      operation,
      id,
      json,
      orderingKey: operation.orderingKey?.(request),
      source,
      traceparent,
      causationId: isSame ? undefined : before.text,
      expectedVersion,
    });
    const record = await carry(unsealed, { correlationId: id.text, operation: operation.name, data }, redrive);
    // Else a caller that somebody made up would become a genuine one.
    if (record === undefined)
      throw new RejoinderError("INVALID_REDRIVE", {
        detail: "Expected member authsignature to be the signature of this Worker for the caller.",
      });
    const result = await publisher.redrive(before, record, isSame ? undefined : id);
    if (result.outcome === "refused") throw refusalOf(result.status);
    return { id, result };
  };

/** Why a request is not sent again. */
const refusalOf = (status: StoredStatus | undefined): RejoinderError => {
  const { state = "accepted", details } = status ?? {};
  const { redrivenAs } = details ?? {};
  if (redrivenAs !== undefined) {
    const detail = "Another request was sent in its place already. Redrive that one, if it has failed too.";
    return new RejoinderError("ALREADY_REDRIVEN", { detail, members: { redrivenAs } });
  }
  return isTerminal(state)
    ? new RejoinderError("ALREADY_ENDED", { detail: `The request has ended as ${state}: there is nothing to mend.`, members: { state } })
    : new RejoinderError("NOT_ENDED", {
        detail: `The request is ${state}, and its consumer may still reply. Redrive it when it has ended: a minute after its deadline at the latest.`,
        members: { state },
      });
};
