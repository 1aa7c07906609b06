import type { Part } from "./part.ts";

export type SupervisorOptions = {
  /** Undefined: the Worker is its own gateway, or needs none. */
  readonly gateway: Part | undefined;
  readonly worker: Part;
  readonly consumer: Part;
  /** Resolves once a request would succeed, and rejects when `signal` aborts. */
  readonly waitForHealth: (signal: AbortSignal) => Promise<void>;
};

/** The parts as one. */
export type Supervisor = {
  /** Resolves once a request would succeed; rejects if a part cannot start. */
  start(): Promise<void>;
  /** Resolves once every part is gone, at most 5 s later. */
  stop(): Promise<void>;
  /** Ends every part at once. */
  kill(): Promise<void>;
};

/** The consumer drains first, while it still can commit and deliver. What it cannot finish is done again after the next start. */
const CONSUMER_GRACE_MS = 2_500;
const GRACE_MS = 1_500;

export const createSupervisor = ({ gateway, worker, consumer, waitForHealth }: SupervisorOptions): Supervisor => {
  const stopping = new AbortController();
  return {
    async start() {
      const workerStarted = worker.start();
      // Which has made the topics by then.
      const logIsThere = gateway?.start() ?? workerStarted;
      await Promise.all([workerStarted, logIsThere.then(() => consumer.start())]);
      await waitForHealth(stopping.signal);
    },
    async stop() {
      stopping.abort();
      await consumer.stop(CONSUMER_GRACE_MS);
      await Promise.all([worker.stop(GRACE_MS), gateway?.stop(GRACE_MS)]);
    },
    async kill() {
      stopping.abort();
      await Promise.all([consumer, worker, gateway].map((part) => part?.stop(0)));
    },
  };
};
