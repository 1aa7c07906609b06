import type { Measurement } from "../../bench/load.ts";

/** A measurement that does not contradict itself. */
export const createMeasurement = (connections: number, ratePerSecond: number, p50Us: number): Measurement => {
  const meanUs = (connections / ratePerSecond) * 1_000_000;
  return { connections, ratePerSecond, meanUs, p50Us, p99Us: p50Us * 3, little: 1 };
};
