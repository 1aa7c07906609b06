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
  /** The status of every answer. Another one ends the measurement with an error. */
  readonly status: number;
};

/** Rates a second and latencies in microseconds. */
export type Measurement = {
  readonly connections: number;
  readonly ratePerSecond: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Rate × mean ÷ connections: 1 if time was measured as it was spent (Little's law). */
  readonly little: number;
};

export type LoadOptions = { readonly connections: number; readonly warmUpMs: number; readonly measureMs: number };

const LONGEST_US = 60_000_000;
/** How far rate × mean may be from the number of connections. */
export const LITTLE_TOLERANCE = 0.05;

/**
 * Sends requests in a closed loop, each connection its next one when it has the whole answer, and measures those that end
 * after the warm-up.
 * @throws Error at the first answer with another status.
 */
export const measureLoad = async (target: Target, { connections, warmUpMs, measureMs }: LoadOptions): Promise<Measurement> => {
  const latencies = build({ lowestDiscernibleValue: 1, highestTrackableValue: LONGEST_US, numberOfSignificantValueDigits: 3 });
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  let sumMs = 0;
  const loop = async (client: Client): Promise<void> => {
    for (let sent = performance.now(); sent < end;) {
      await exchange(client, target);
      const answered = performance.now();
      if (answered >= begin && answered < end) {
        latencies.recordValue(Math.max(1, Math.round((answered - sent) * 1_000)));
        sumMs += answered - sent;
      }
      sent = answered;
    }
  };
  const clients = Array.from({ length: connections }, () => new Client(target.origin, { pipelining: 1 }));
  try {
    await Promise.all(clients.map(loop));
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
  const { totalCount } = latencies;
  if (totalCount === 0) throw new Error(`Expected ${target.path} to answer within ${measureMs} ms`);
  return {
    connections,
    ratePerSecond: (totalCount / measureMs) * 1_000,
    meanUs: (sumMs / totalCount) * 1_000,
    p50Us: latencies.getValueAtPercentile(50),
    p99Us: latencies.getValueAtPercentile(99),
    little: sumMs / measureMs / connections,
  };
};

/**
 * One request and its whole answer, by undici's own callbacks: a promise of headers and a stream for the body would cost the
 * generator more than the fastest target costs the server. Resolves to the body if `keepBody` says so, else to nothing.
 * @throws Error if the answer has another status than the target's.
 */
export const exchange = (client: Client, target: Target, { keepBody = false } = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const { method, path, headers, body } = target;
    const chunks: Buffer[] = [];
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart: (_, statusCode) => void (status = statusCode),
      onResponseData(_, chunk) {
        if (keepBody || status !== target.status) chunks.push(chunk);
      },
      onResponseEnd() {
        const text = Buffer.concat(chunks).toString();
        if (status === target.status) resolve(text);
        else reject(new Error(`Expected ${target.status} from ${method} ${path}, got ${status}: ${text.slice(0, 500)}`));
      },
      onResponseError: (_, error) => reject(error),
    };
    client.dispatch({ method, path, headers: { ...headers }, body: body ?? null }, handler);
  });
