import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { PRODUCE_TIMEOUT_MS } from "../producer.ts";
import type { RedriveResult } from "../request-publisher.ts";
import type { StatusKey } from "../status-store.ts";
import type { NotedProduce } from "./noted-produce.ts";
import type { ProduceBatches } from "./produce-batches.ts";
import { type KeptStatus, nameRedriven, reopen, takeBack } from "./rules.ts";

type RedriveParts = {
  readonly batches: ProduceBatches;
  /** Produces the record of a new request. */
  readonly produceNew: NotedProduce;
  /** The status as it is, durable, and ended if the request is overdue. */
  readonly latest: (key: StatusKey) => Promise<KeptStatus | undefined>;
  /** Replaces a status, if it is still of that version, and resolves to what there is then, once that is durable. Wakes those who wait for a change. */
  readonly replace: (key: StatusKey, ended: KeptStatus, next: KeptStatus) => Promise<KeptStatus | undefined>;
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/**
 * Sends a request again, see {@link RequestPublisher.redrive}. Its status changes first, so that a reply finds it open, and so that of those who
 * send the same request again at the same time only one does.
 */
export const createRedrive = ({ batches, produceNew, latest, replace, now, logError }: RedriveParts) => {
  const redrive = async (key: StatusKey, record: ProducerRecord, next?: StatusKey): Promise<RedriveResult> => {
    const produce = async (status: KeptStatus | undefined): Promise<RedriveResult> => {
      const produced = await (next === undefined ? batches.produce(record, now() + PRODUCE_TIMEOUT_MS) : produceNew(next, record));
      return produced.outcome === "stored" ? { outcome: "stored", status } : produced;
    };
    // After the retention nobody can tell what has become of the request, nor name another one in its status.
    if (next !== undefined && now() >= key.expiresAt) return produce(undefined);

    const ended = await latest(key);
    if (ended === undefined || !mayGoAgain(ended)) return { outcome: "refused", status: ended };
    const changed = next === undefined ? reopen(ended, now()) : nameRedriven(ended, next.text, now());
    const kept = await replace(key, ended, changed);
    if (kept !== changed) return { outcome: "refused", status: kept };
    const result = await produce(next === undefined ? changed : undefined);
    // What is certainly not stored was not sent. What may be stays open, and expires if it was not.
    if (result.outcome !== "stored" && result.outcome !== "unknown") await replace(key, changed, takeBack(changed, ended, now()));
    return result;
  };

  return (key: StatusKey, record: ProducerRecord, next?: StatusKey): Promise<RedriveResult> =>
    redrive(key, record, next).catch((error: unknown) => {
      // Producing never fails so: the storage did, before the record was produced or after it certainly was not.
      logError("A request could not be sent again, as its status could not be changed", error);
      return { outcome: "unavailable", detail: "The status could not be changed, and nothing was sent." };
    });
};

/** Who has a reply, or did not want one any more, is not to get another. */
const mayGoAgain = ({ state, details }: KeptStatus): boolean =>
  (state === "failed" || state === "expired") && details?.redrivenAs === undefined;
