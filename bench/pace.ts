/** How long the bench takes its time. */
export type Pace = {
  readonly rounds: number;
  /** Once for each target, so that every just-in-time compiler has seen its work. */
  readonly firstWarmUpMs: number;
  /** Before each measurement: connecting, and the state that the case before left behind. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly wakeUps: number;
  readonly floodMs: number;
  /** Of the section whose numbers are quoted: not less than five, so that the spread says something. */
  readonly peerRounds: number;
  /** Over and over, for each of those that do the same in other ways, until it gets no faster: a JVM needs the longest. */
  readonly peerWarmUpMs: number;
  /** Calls at a fixed rate, in each round. */
  readonly openLoopMs: number;
  /** On a cluster, where memory is held by requests only, and no log grows beside it. */
  readonly kafkaFloodMs: number;
  /** Of a hundred records each, all of which are then consumed. */
  readonly consumedPosts: number;
  /** Requests under way at once, each of which a handler takes so long for. */
  readonly outstanding: number;
  readonly outstandingHandlerMs: number;
  /** How often the Worker is stopped and started again. */
  readonly coldStarts: number;
  /** Counting, under each number of connections: counts do not vary as times do. */
  readonly usageMs: number;
};

/**
 * Many short rounds rather than a few long ones: a machine that is shared changes its speed from second to second.
 * For numbers to be quoted; and for a few minutes, to see that all of it works.
 */
export const PACES = {
  full: {
    rounds: 9,
    firstWarmUpMs: 3_000,
    warmUpMs: 300,
    measureMs: 1_000,
    wakeUps: 1_000,
    floodMs: 300_000,
    peerRounds: 9,
    peerWarmUpMs: 10_000,
    openLoopMs: 3_000,
    kafkaFloodMs: 60_000,
    consumedPosts: 1_000,
    outstanding: 10_000,
    outstandingHandlerMs: 10_000,
    coldStarts: 9,
    usageMs: 5_000,
  },
  quick: {
    rounds: 2,
    firstWarmUpMs: 300,
    warmUpMs: 50,
    measureMs: 200,
    wakeUps: 20,
    floodMs: 3_000,
    peerRounds: 5,
    peerWarmUpMs: 250,
    openLoopMs: 150,
    kafkaFloodMs: 3_000,
    consumedPosts: 100,
    outstanding: 1_000,
    outstandingHandlerMs: 1_500,
    coldStarts: 1,
    usageMs: 300,
  },
} as const satisfies Record<string, Pace>;
