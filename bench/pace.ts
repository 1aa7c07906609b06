/**
 * How long the bench takes its time, for numbers to be quoted and for a look at whether all of it works. Durations in milliseconds. Many short
 * rounds rather than a few long ones: a shared machine changes its speed from second to second.
 */
const FULL_AND_QUICK = {
  rounds: [9, 2],
  /** Once for each case, before the first round. */
  firstWarmUpMs: [3_000, 300],
  /** The same for those that the path is compared with, over and over until they get no faster: a JVM needs the longest. */
  peerWarmUpMs: [5_000, 250],
  peerMeasureMs: [1_500, 200],
  /** Before each measurement: connecting, and the state that the case before left behind. */
  warmUpMs: [300, 50],
  measureMs: [1_000, 200],
  wakeUps: [1_000, 20],
  floodMs: [300_000, 3_000],
  /** On a cluster only requests hold memory, and no log grows beside it. */
  kafkaFloodMs: [60_000, 3_000],
  /** Of a hundred records each, which are then consumed. */
  consumedPosts: [1_000, 100],
  /** Requests that wait at once, and how long the handler takes for each. */
  outstanding: [10_000, 1_000],
  outstandingHandlerMs: [10_000, 1_500],
  /** Event streams that are open at once, and requests that say one after another how far they are. */
  streams: [2_000, 200],
  progresses: [500, 20],
  /** Of which another version of a view is made. */
  replayedEvents: [1_000_000, 5_000],
  /** Counting, for each number of connections. */
  usageMs: [5_000, 300],
  /** The same, for each kind of callers. */
  callersUsageMs: [1_500, 200],
} as const;

export type Pace = Readonly<Record<keyof typeof FULL_AND_QUICK, number>>;

const paceAt = (index: 0 | 1): Pace =>
  Object.fromEntries(Object.entries(FULL_AND_QUICK).map(([name, values]) => [name, values[index]])) as Pace;

export const PACES = { full: paceAt(0), quick: paceAt(1) } as const;
