import { RejoinderError } from "../../protocol/errors.ts";
import { LINK_TOLERANCE_SECONDS } from "../../protocol/link.ts";
import { WEBHOOK_ID } from "../../protocol/webhook-signature.ts";
import { problemResponse } from "../responses.ts";
import { unauthorized } from "../signature-check.ts";

/** The links to one shard: each consumer process has one. */
export const MAX_LINKS = 256;
const FULL_RETRY_AFTER_SECONDS = "10";

/** For how long a handshake could be used again: its time may be ahead of ours, and then behind, by the tolerance. */
const REPLAY_MS = 2 * LINK_TOLERANCE_SECONDS * 1_000;

/**
 * Decides, where the links of a shard end, whether one more may be opened by a handshake whose signature is valid: undefined, or the response
 * that refuses it. A handshake opens one link at most. That guards against whoever has seen one, for as long as its signature is valid and
 * this memory lasts; it grows only by those who have the secret.
 */
export const createLinkAdmission = (now: () => number = Date.now) => {
  /** By handshake, until when it is remembered; the oldest first. */
  const seen = new Map<string, number>();

  const forget = (): void => {
    for (const [id, untilMs] of seen) {
      if (untilMs > now()) break;
      seen.delete(id);
    }
  };

  return ({ headers }: Pick<Request, "headers">, openLinks: number): Response | undefined => {
    forget();
    const id = headers.get(WEBHOOK_ID) as string;
    if (seen.has(id)) return unauthorized("The handshake was used before. Sign one for each link, with a webhook-id of its own.", now());
    if (openLinks >= MAX_LINKS) {
      const detail = `Expected at most ${MAX_LINKS} links to a shard, one for each consumer process. Send replies by POST /replies meanwhile.`;
      return problemResponse(new RejoinderError("TOO_MANY_LINKS", { detail }), { "retry-after": FULL_RETRY_AFTER_SECONDS });
    }
    seen.set(id, now() + REPLAY_MS);
    return undefined;
  };
};
