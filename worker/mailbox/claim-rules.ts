import type { Claim } from "../request-publisher.ts";
import type { KeptClaim } from "./claim-tables.ts";
import type { KeptStatus } from "./rules.ts";

/**
 * What becomes of a request that comes with an Idempotency-Key. `claim`: it is the first with that key. `reused`: another request has the key.
 * `replay`: it came before, and its status tells the rest. `resend`: it came before, and may never have reached Kafka. `uncertain`: so it is, and it
 * is too late to send it again.
 */
export type ClaimDecision = "claim" | "reused" | "replay" | "resend" | "uncertain";

/**
 * Decides by the claim that there is, and by the status of its request, which is `expired` if it is overdue.
 *
 * Between a claim and the word of Kafka that it has the record, a crash or a proxy may leave it open whether it does. Then a retry sends the record
 * again under the same correlation ID, as long as a handler may still begin: it can run twice at worst, as after a redelivery, and the
 * first reply stays. What has expired so was never confirmed to anybody, and does not keep the key.
 */
export const decide = (found: KeptClaim | undefined, status: KeptStatus | undefined, claim: Claim, now: number): ClaimDecision => {
  if (found === undefined || now >= found.key.expiresAt) return "claim";
  if (!found.isSent && status?.state === "expired" && status.lateReply === null) return "claim";
  if (found.request !== claim.request) return "reused";
  if (found.isSent || status !== undefined) return "replay";
  return now < found.key.deadline ? "resend" : "uncertain";
};
