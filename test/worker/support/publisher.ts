import type { RequestPublisher } from "../../../worker/request-publisher.ts";

/** A publisher that publishes requests that come together one by one. */
export const publisherOf = (publish: RequestPublisher["publish"]): RequestPublisher => ({
  publish,
  publishAll: (requests) =>
    Promise.all(requests.map(({ key, record, claim, webhook }) => publish(key, record, 0, undefined, undefined, claim, webhook))),
});
