import { LARGE } from "../gateway/requests.ts";

/** `native` is the producer without a gateway before it, `other` another proxy. */
export type Who = "native" | "gateway" | "other";

export type CaseName = Who | `${Who} 100`;

/** What all of them are measured with: so many records a call, on so many connections. */
export type Comparison = {
  readonly what: string;
  readonly connections: number;
  readonly records: 1 | typeof LARGE;
  /** How many times another proxy's rate is aimed at. */
  readonly times: number;
  /** What was recorded of another proxy, in records a second. */
  readonly recordedPerSecond: number;
};

/**
 * Recorded is the better of Strimzi's bridge and Karapace with linger 0, measured once on a machine of this class; neither is in a package
 * registry. A rate beside one of another run says little; it is here for scale, where KAFKA_REST_URL names none to be measured.
 */
export const COMPARISONS: readonly Comparison[] = [
  { what: "1 connection", connections: 1, records: 1, times: 1.2, recordedPerSecond: 1_638 },
  { what: "32 connections", connections: 32, records: 1, times: 2, recordedPerSecond: 3_323 },
  { what: "100 a POST", connections: 4, records: LARGE, times: 1.5, recordedPerSecond: 27_500 },
];

export const caseNameOf = (who: Who, { records }: Comparison): CaseName => (records === 1 ? who : `${who} ${records}`);
