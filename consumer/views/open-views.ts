import { partsOf } from "../../contract/contract.ts";
import type { Log } from "../../environment/log.ts";
import type { Hmac } from "../../protocol/webhook-signature.ts";
import type { Projector } from "../aggregates/projector.ts";
import type { ConsumerDefinition } from "../define-consumer.ts";
import type { MailboxClock } from "../mailbox-clock.ts";
import type { ConsumerObserver } from "../observe/observer.ts";
import type { Personal } from "../personal/start-personal.ts";
import { createWorkerSignature } from "../sinks/worker-signature.ts";
import { postViews } from "./post-views.ts";
import { createViewShipper } from "./shipper.ts";
import { createViewProjector } from "./view-projector.ts";

type OpenViewsOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  /** With the key that `REPLY_SECRET` holds first. */
  readonly hmac: Hmac;
  readonly clock: MailboxClock;
  /** Absent: no event has personal data. */
  readonly personal: Personal | undefined;
  readonly log: Log;
  readonly observer: Pick<ConsumerObserver, "watch">;
};

/** The views of a consumer. */
export type OpenViews = {
  readonly projector: Projector;
  /** To be called once all partitions are closed. */
  close(): Promise<void>;
};

/** What makes the rows of the views of a contract and ships them to its Worker. Undefined if it has none. */
export const openViews = (
  { contract, projections = {} }: Pick<ConsumerDefinition, "contract" | "projections">,
  { url, hmac, clock, personal, log, observer }: OpenViewsOptions,
): OpenViews | undefined => {
  if (partsOf(contract).views.size === 0) return undefined;
  const posts = postViews({ url, signature: createWorkerSignature({ hmac, clock }), clock });
  const shipper = createViewShipper({ post: posts.post, log });
  return { projector: createViewProjector({ contract, projections, shipper, personal, log, observer }), close: posts.close };
};
