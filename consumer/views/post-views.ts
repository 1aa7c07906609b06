import { systemTime, type Time } from "../../environment/time.ts";
import type { ViewBatchResult } from "../../protocol/view-batch.ts";
import type { MailboxClock } from "../mailbox-clock.ts";
import { objectOf, problemOf, signedPosts } from "../sinks/signed-posts.ts";
import type { WorkerSignature } from "../sinks/worker-signature.ts";
import type { PostRows, RowsToShip } from "./shipper.ts";

type PostViewsOptions = {
  /** The Worker, without a slash at the end. */
  readonly url: string;
  readonly signature: WorkerSignature;
  readonly clock: MailboxClock;
  readonly time?: Time;
};

const MIN_ASK_AGAIN_MS = 100;
/** Partitions ship at the same time. Connections of their own, so that replies never wait for rows. */
const MAX_CONNECTIONS = 4;

/** Ships rows by the signed `POST /views` of the Worker. */
export const postViews = ({
  url,
  signature,
  clock,
  time = systemTime,
}: PostViewsOptions): { readonly post: PostRows; close(): Promise<void> } => {
  const posts = signedPosts({
    url: `${url}/views`,
    maxConnections: MAX_CONNECTIONS,
    contentType: "application/json",
    signature,
    clock,
    time,
  });
  return {
    async post(batch) {
      try {
        const { status, date, signed, text } = await posts.post({ body: encodeRows(batch) });
        if (status === 200) return readResult(text) ?? unavailable("it answered 200 without an outcome");
        if (status === 413) return { outcome: "too-large" };
        if (status === 401) return unavailable(signature.refused(signed, date));
        // A Worker of an earlier version.
        if (status === 404) return { outcome: "unknown" };
        const { code, detail } = problemOf(text);
        return unavailable(`it answered ${[status, code, detail].filter((part) => part !== undefined).join(" ")}`);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return unavailable(code ?? message);
      }
    },
    close: posts.close,
  };
};

const unavailable = (reason: string) => ({ outcome: "unavailable", reason }) as const;

/** A `ViewBatch` as JSON. Rows are JSON already. */
export const encodeRows = ({ rows, ...head }: RowsToShip): string => {
  const texts = rows.map(({ key, offset, text }) => `{"key":${JSON.stringify(key)},"offset":${offset},"row":${text ?? "null"}}`);
  return `${JSON.stringify(head).slice(0, -1)},"rows":[${texts.join(",")}]}`;
};

const readResult = (text: string): ViewBatchResult | undefined => {
  const { outcome, next, versions, askAgainMs } = objectOf(text);
  if (outcome === "unknown") return { outcome };
  if (outcome === "stored")
    return {
      outcome,
      ...(typeof versions === "string" && { versions }),
      ...(typeof askAgainMs === "number" && askAgainMs >= MIN_ASK_AGAIN_MS && { askAgainMs }),
    };
  return outcome === "behind" && typeof next === "number" && Number.isSafeInteger(next) && next >= 0 ? { outcome, next } : undefined;
};
