/** When the gateway's log reaches the disk: before each answer, or when the system sees fit. */
export const FSYNCS = ["always", "os"] as const;

export type Fsync = (typeof FSYNCS)[number];
