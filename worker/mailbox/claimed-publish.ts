import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { PRODUCE_TIMEOUT_MS } from "../producer.ts";
import type { Caller, Claim, PublishResult } from "../request-publisher.ts";
import type { ReadResult, StatusKey } from "../status-store.ts";
import type { RequestedWebhook } from "../webhooks/delivery.ts";
import { decide } from "./claim-rules.ts";
import type { KeptClaim } from "./claim-tables.ts";
import type { GroupedWrites } from "./grouped-writes.ts";
import type { RequestNotes } from "./noted-produce.ts";
import type { ProduceBatches } from "./produce-batches.ts";
import type { Rows } from "./rows.ts";
import { isOverdue, type KeptStatus } from "./rules.ts";

/** What became of a claim and its record. */
export type Claimed = Awaited<ReturnType<ProduceBatches["produce"]>> | { readonly outcome: "unclaimed" };

type ClaimedPublishParts = {
  readonly rows: Pick<Rows, "claims" | "find">;
  /** What else is kept of a request. */
  readonly notes: RequestNotes;
  readonly batches: ProduceBatches;
  readonly write: GroupedWrites;
  /** Waits for the reply while it has the record produced. Calls `produce` at once or never. */
  readonly publish: (key: StatusKey, waitMs: number, caller: Caller | undefined, produce: () => Promise<Claimed>) => Promise<PublishResult>;
  readonly read: (key: StatusKey, waitMs: number, known: readonly number[], caller?: Caller) => Promise<ReadResult>;
  /** The status as it is, durable, and ended if the request is overdue. */
  readonly latest: (key: StatusKey) => Promise<KeptStatus | undefined>;
  readonly ensureAlarm: () => Promise<void>;
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/**
 * Publishes requests that come with an Idempotency-Key. The claim is durable before the record leaves. Requests with one key that come while
 * the first is being produced share its outcome.
 */
export const createClaimedPublish = (parts: ClaimedPublishParts) => {
  const { rows, notes, batches, write, publish, read, latest, ensureAlarm, now, logError } = parts;
  /** By the name of the claim, what is being claimed and produced. */
  const underWay = new Map<string, { readonly claim: KeptClaim; readonly produced: Promise<Claimed> }>();

  /** Notes what became of a record. Never rejects. */
  const note = (claim: KeptClaim, run: (claim: KeptClaim) => void): Promise<void> =>
    write(claim.key, () => run(claim)).catch((error: unknown) =>
      logError("What became of a request could not be noted beside its Idempotency-Key; a retry may send it again", error),
    );

  const forgetUnsent = (claim: KeptClaim): void => {
    rows.claims.remove(claim);
    notes.remove(claim.key);
  };

  const produce = async (
    record: ProducerRecord,
    claim: KeptClaim,
    before: KeptClaim | undefined,
    isNew: boolean,
    webhook: RequestedWebhook | undefined,
  ): Promise<Claimed> => {
    const deadline = now() + PRODUCE_TIMEOUT_MS;
    const forget = (): boolean => underWay.delete(claim.name);
    try {
      await write(claim.key, () => {
        rows.claims.put(claim, before);
        notes.add(claim.key, record, webhook);
      });
    } catch (error) {
      logError("An Idempotency-Key could not be claimed", error);
      forget();
      return { outcome: "unclaimed" };
    }
    void ensureAlarm();
    const produced = await batches.produce(record, deadline);
    // Who comes before that is written knows it from memory, so nobody waits.
    if (produced.outcome === "stored") void note(claim, rows.claims.markSent).finally(forget);
    else {
      // What is certainly not stored leaves the key free, unless an earlier attempt may have stored it.
      if (isNew && produced.outcome !== "unknown") await note(claim, forgetUnsent);
      forget();
    }
    return produced;
  };

  const replay = async (first: StatusKey, waitMs: number, caller: Caller | undefined): Promise<PublishResult> => {
    const status = await read(first, waitMs, [], caller);
    return status === "overloaded" ? { outcome: "overloaded", hasNoRoom: true, first } : { outcome: "stored", status, first };
  };

  const publishOrReplay = async (
    key: StatusKey,
    record: ProducerRecord,
    waitMs: number,
    caller: Caller | undefined,
    claim: Claim,
    webhook?: RequestedWebhook,
  ): Promise<PublishResult> => {
    /** The end of an overdue request that may have the key. */
    let over: { readonly of: string; readonly status: KeptStatus | undefined } | undefined;
    for (;;) {
      const other = underWay.get(claim.name);
      if (other !== undefined) {
        if (other.claim.request !== claim.request) return { outcome: "key-reused" };
        const first = other.claim.key;
        const produced = await other.produced;
        return produced.outcome === "stored" ? replay(first, waitMs, caller) : { ...produced, first };
      }
      const found = rows.claims.find(claim.name);
      const mayBeFree = found !== undefined && !found.isSent && isOverdue(found.key, now()) && now() < found.key.expiresAt;
      if (mayBeFree && over?.of !== found.key.text) {
        over = { of: found.key.text, status: await latest(found.key) };
        // Others may have come meanwhile.
        continue;
      }
      const decision = decide(found, mayBeFree ? over?.status : found && rows.find(found.key), claim, now());
      if (decision === "claim" && claim.mustBeKnown === true) return { outcome: "unclaimed" };
      if (decision === "reused") return { outcome: "key-reused" };
      if (found !== undefined && decision === "replay") return replay(found.key, waitMs, caller);
      if (found !== undefined && decision === "uncertain") return { outcome: "unknown", detail: UNCERTAIN, first: found.key };
      if (found !== undefined && decision === "resend" && found.key.text !== key.text) return { outcome: "claimed", first: found.key };
      return publish(key, waitMs, caller, () => {
        const claimed = { ...claim, key, isSent: false };
        const produced = produce(record, claimed, found, decision === "claim", webhook);
        underWay.set(claim.name, { claim: claimed, produced });
        return produced;
      });
    }
  };

  /** As {@link RequestPublisher.publish}. */
  return (...args: Parameters<typeof publishOrReplay>): Promise<PublishResult> =>
    publishOrReplay(...args).catch((error: unknown) => {
      // Producing never fails so: the storage did, before anything was produced.
      logError("A request with an Idempotency-Key could not be looked up", error);
      return { outcome: "unclaimed" };
    });
};

const UNCERTAIN = "The request came before, its deadline has passed, and it is not known whether Kafka took it.";
