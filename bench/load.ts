import { build } from "hdr-histogram-js";
import { Client, type Dispatcher } from "undici";

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

/** Requests to one server that differ. `next` gives what a connection sends next: some requests in turn, measured as one. */
export type Work = { readonly origin: string; next(): readonly Target[] };

/** Something that is called over and over, and is not HTTP. `open` makes a connection, or what corresponds to one. */
export type Calls = { open(): Promise<Caller> };

export type Caller = AsyncDisposable & { call(): Promise<unknown> };

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
};

/** Rates a second and latencies in microseconds. */
export type Measurement = {
  readonly connections: number;
  /** All that ended, also in the warm-up. */
  readonly calls: number;
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
  /** Hears of every answer, also during the warm-up. */
  onAnswer?(status: number): void;
};

/** Calls in a closed loop: each connection sends its next request when it has the whole answer. Measures those that end after the warm-up. */
export const measureLoad = async (
  work: Target | Work | Calls,
  { connections, warmUpMs, measureMs, onAnswer }: LoadOptions,
): Promise<Measurement> => {
  const latencies = createHistogram();
  const { open } = toCalls(work, onAnswer);
  const callers = await Promise.all(Array.from({ length: connections }, open));
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  let [calls, sumMs, lastAnswered] = [0, 0, begin];
  const loop = async ({ call }: Caller): Promise<void> => {
    for (let sent = performance.now(); sent < end;) {
      await call();
      const answered = performance.now();
      calls += 1;
      // If nothing ends in time, the first call that does counts: slow is a result, and against Little's law, which tells.
      if (answered >= begin && (answered < end || latencies.count() === 0)) {
        lastAnswered = answered;
        latencies.recordMs(answered - sent);
        sumMs += answered - sent;
      }
      sent = answered;
    }
  };
  try {
    await Promise.all(callers.map(loop));
  } finally {
    await Promise.all(callers.map((caller) => caller[Symbol.asyncDispose]()));
  }
  const count = latencies.count();
  const elapsedMs = Math.max(measureMs, lastAnswered - begin);
  return {
    connections,
    calls,
    ratePerSecond: (count / elapsedMs) * 1_000,
    meanUs: (sumMs / count) * 1_000,
    p50Us: latencies.percentileUs(50),
    p99Us: latencies.percentileUs(99),
    little: sumMs / elapsedMs / connections,
  };
};

/** Whatever is to be measured, as calls; HTTP has a connection for each caller. */
export const toCalls = (work: Target | Work | Calls, onAnswer?: LoadOptions["onAnswer"]): Calls => {
  if ("open" in work) return work;
  const { origin, next } = "next" in work ? work : inTurn([[work]]);
  return {
    async open() {
      const connection = connect(origin);
      const call = async (): Promise<void> => {
        for (const target of next()) {
          const { status } = await connection.send(target);
          onAnswer?.(status);
        }
      };
      return { call, [Symbol.asyncDispose]: connection[Symbol.asyncDispose] };
    },
  };
};

/** The same turns over and over, in their order. */
export const inTurn = (turns: readonly (readonly Target[])[]): Work => {
  let count = 0;
  return { origin: turns[0]?.[0]?.origin ?? "", next: () => turns[count++ % turns.length] ?? [] };
};

/** Takes one request at a time. `ask` keeps the body of the answer, `send` does not. Both throw if its status is not the target's. */
export type Connection = AsyncDisposable & { send(target: Target): Promise<Answer>; ask(target: Target): Promise<Answer> };

export const connect = (origin: string): Connection => {
  const client = new Client(origin, { pipelining: 1 });
  return {
    send: (target) => exchange(client, target, false),
    ask: (target) => exchange(client, target, true),
    [Symbol.asyncDispose]: () => client.destroy(),
  };
};

/** Asks once, on a connection of its own. */
export const ask = async (target: Target): Promise<Answer> => {
  await using connection = connect(target.origin);
  return await connection.ask(target);
};

/** By undici's callbacks: a promise of headers and a stream for the body would cost the generator more than the fastest target costs the server. */
const exchange = (client: Client, { method, path, headers, body, status: expected }: Target, keepBody: boolean): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let answer: Omit<Answer, "body"> = { status: 0, headers: {} };
    let isExpected = false;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_, status, received) {
        answer = { status, headers: received };
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

const LONGEST_US = 60_000_000;

/** Latencies to three digits; percents are 0 to 100. */
export const createHistogram = () => {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: LONGEST_US, numberOfSignificantValueDigits: 3 });
  return {
    recordMs: (latencyMs: number): void => histogram.recordValue(Math.max(1, Math.round(latencyMs * 1_000))),
    count: (): number => histogram.totalCount,
    percentileUs: (percent: number): number => histogram.getValueAtPercentile(percent),
  };
};
