import { Client, type Dispatcher } from "undici";
import { createHistogram } from "./histogram.ts";

/** One kind of request, sent over and over. */
export type Target = {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The status of every answer, or all that it may be. Another one ends the measurement with an error. */
  readonly status: number | readonly number[];
};

/** Requests to one server that are not always the same. */
export type Work = {
  readonly origin: string;
  /** What a connection sends next: some requests, one after another, which are measured as one. */
  next(): readonly Target[];
};

/** Something that is called over and over, and is not HTTP. */
export type Calls = {
  /** One connection, or what stands for it. */
  open(): Promise<Caller>;
};

export type Caller = { call(): Promise<unknown>; close(): Promise<void> };

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Empty unless it was to be kept. */
  readonly body: string;
};

/** Rates a second and latencies in microseconds. What {@link Work} sends in one go counts as one. */
export type Measurement = {
  readonly connections: number;
  readonly ratePerSecond: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Rate × mean ÷ connections: 1 if time was measured as it was spent (Little's law). */
  readonly little: number;
};

export type LoadOptions = {
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Told of every answer, also of those of the warm-up. */
  onAnswer?(status: number): void;
};

/**
 * Calls in a closed loop, each connection its next one when it has the whole answer, and measures those that end
 * after the warm-up.
 * @throws Error at the first answer with another status.
 */
export const measureLoad = async (
  work: Target | Work | Calls,
  { connections, warmUpMs, measureMs, onAnswer }: LoadOptions,
): Promise<Measurement> => {
  const latencies = createHistogram();
  const { open } = toCalls(work, onAnswer);
  const callers = await Promise.all(Array.from({ length: connections }, open));
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  let [sumMs, lastAnswered] = [0, begin];
  const loop = async ({ call }: Caller): Promise<void> => {
    for (let sent = performance.now(); sent < end;) {
      await call();
      const answered = performance.now();
      // Where nothing ends in time, the first that does stands for it: slow is a result, and against Little's law, which tells.
      if (answered >= begin && (answered < end || latencies.count === 0)) {
        lastAnswered = answered;
        latencies.record(answered - sent);
        sumMs += answered - sent;
      }
      sent = answered;
    }
  };
  try {
    await Promise.all(callers.map(loop));
  } finally {
    await Promise.all(callers.map((caller) => caller.close()));
  }
  const { count } = latencies;
  const elapsedMs = Math.max(measureMs, lastAnswered - begin);
  return {
    connections,
    ratePerSecond: (count / elapsedMs) * 1_000,
    meanUs: (sumMs / count) * 1_000,
    p50Us: latencies.percentileUs(50),
    p99Us: latencies.percentileUs(99),
    little: sumMs / elapsedMs / connections,
  };
};

/** Whatever is to be measured, as calls; what is HTTP has a connection for each caller. */
export const toCalls = (work: Target | Work | Calls, onAnswer?: LoadOptions["onAnswer"]): Calls =>
  "open" in work ? work : overHttp("next" in work ? work : always(work), onAnswer);

const always = (target: Target): Work => {
  const targets = [target];
  return { origin: target.origin, next: () => targets };
};

const overHttp = ({ origin, next }: Work, onAnswer: LoadOptions["onAnswer"]): Calls => ({
  async open() {
    const client = new Client(origin, { pipelining: 1 });
    return {
      async call() {
        for (const target of next()) {
          const { status } = await exchange(client, target);
          onAnswer?.(status);
        }
      },
      close: () => client.destroy(),
    };
  },
});

/**
 * One request and its whole answer, by undici's own callbacks: a promise of headers and a stream for the body would cost the
 * generator more than the fastest target costs the server.
 * @throws Error if the answer has another status than the target's.
 */
export const exchange = (client: Client, target: Target, { keepBody = false } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method, path, headers, body, status: expected } = target;
    const chunks: Buffer[] = [];
    let answer: Omit<Answer, "body"> = { status: 0, headers: {} };
    let isExpected = false;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_, status, headers) {
        answer = { status, headers };
        isExpected = typeof expected === "number" ? status === expected : expected.includes(status);
      },
      onResponseData(_, chunk) {
        if (keepBody || !isExpected) chunks.push(chunk);
      },
      onResponseEnd() {
        const text = Buffer.concat(chunks).toString();
        if (isExpected) resolve({ ...answer, body: text });
        else reject(new Error(`Expected ${String(expected)} from ${method} ${path}, got ${answer.status}: ${text.slice(0, 500)}`));
      },
      onResponseError: (_, error) => reject(error),
    };
    client.dispatch({ method, path, headers: { ...headers }, body: body ?? null }, handler);
  });
