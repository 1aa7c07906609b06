import type { Log } from "../../environment/log.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import type { HelloFrame } from "../../protocol/link.ts";
import type { Hmac } from "../../protocol/webhook-signature.ts";
import type { MailboxSinks, Sink } from "../sink.ts";
import { httpSink } from "./http.ts";
import { createLinkOutages, type Link, openLink } from "./link.ts";
import type { ReplyJson } from "./reply-json.ts";
import { createWorkerSignature } from "./worker-signature.ts";

type WorkerSinksOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  /** With the key that `REPLY_SECRET` holds first. */
  readonly hmac: Hmac;
  readonly hello: Omit<HelloFrame, "type">;
  readonly log: Log;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

/** A record can name any shard, as can a forged one. The first shards get links, and the replies of all others go by POST together. */
const MAX_LINKS = 64;

/** The sinks of a Worker: a link to each shard, and `POST /replies` for as long as the link is down. */
export const workerSinks = ({ url, hmac, hello, log, time = systemTime, random }: WorkerSinksOptions): MailboxSinks => {
  const signature = createWorkerSignature({ hmac, time });
  const outages = createLinkOutages(log);
  const post = httpSink({ url, signature, time });
  const links: Link[] = [];
  const sinks = new Map<number, Sink<ReplyJson>>();

  const openSink = (shard: number): Sink<ReplyJson> => {
    const link = openLink(shard, { url, hello, signature, outages, time, random });
    links.push(link);
    return {
      name: post.name,
      limits: {
        ...post.limits,
        get maxUnanswered() {
          return (link.isOpen ? link : post).limits.maxUnanswered;
        },
      },
      encode: link.encode,
      async send(batch) {
        // It takes no longer than a POST, unless it fails.
        if (!link.isOpen) await link.settled();
        return (link.isOpen ? link : post).send(batch);
      },
    };
  };

  return {
    of(shard) {
      let sink = sinks.get(shard);
      if (sink === undefined && links.length === MAX_LINKS) return post;
      if (sink === undefined) {
        sink = openSink(shard);
        sinks.set(shard, sink);
      }
      return sink;
    },
    async close() {
      await Promise.all([...links.map((link) => link.close()), post.close()]);
    },
  };
};
