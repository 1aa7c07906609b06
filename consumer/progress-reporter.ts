import type { Time } from "../environment/time.ts";
import { MAX_NEWS_BYTES } from "../protocol/limits.ts";
import type { OutgoingReply } from "./replies.ts";
import { type CheckedBy, checkedJson } from "./checked-json.ts";

export type ProgressReporter = {
  /** `context.progress`. */
  progress(value: unknown): Promise<void>;
  /** The handler has ended. */
  end(): void;
};

type ProgressReporterOptions = CheckedBy & {
  createNews(progress: unknown): OutgoingReply;
  deliver(news: OutgoingReply): Promise<boolean>;
  /** Called when the first value leaves. */
  onFirst(): void;
  readonly time: Time;
};

/** Each value is written by the mailbox and read by everybody who waits: people do not see more. */
const EVERY_MS = 1_000;

/** Sends how far one run of a handler is: the first value at once, then the latest, once a second and when the one before has arrived. */
export const createProgressReporter = (options: ProgressReporterOptions): ProgressReporter => {
  const { createNews, deliver, onFirst, time } = options;
  let latest: unknown;
  let isNew = false;
  let isResting = false;
  let isUnderWay = false;
  let hasEnded = false;
  let timer: unknown;

  const send = (): void => {
    if (!isNew || isResting || isUnderWay || hasEnded) return;
    isNew = false;
    isResting = true;
    isUnderWay = true;
    timer = time.setTimeout(() => {
      isResting = false;
      send();
    }, EVERY_MS);
    void deliver(createNews(latest)).then(() => {
      isUnderWay = false;
      send();
    });
  };

  return {
    async progress(value) {
      const checked = checkedJson(value, options);
      const { value: progress, json } = checked instanceof Promise ? await checked : checked;
      const bytes = Buffer.byteLength(json);
      if (bytes > MAX_NEWS_BYTES)
        throw new RangeError(`Expected ${options.what} to have at most ${MAX_NEWS_BYTES} bytes as JSON, got ${bytes}.`);
      if (latest === undefined) onFirst();
      latest = progress;
      isNew = true;
      send();
    },
    end() {
      hasEnded = true;
      time.clearTimeout(timer);
    },
  };
};
