import type { MeasuredCase } from "../../bench/cases.ts";
import type { Measurement } from "../../bench/load.ts";

/** A measurement that does not contradict itself. */
export const createMeasurement = (connections: number, ratePerSecond: number, p50Us: number): Measurement => {
  const meanUs = (connections / ratePerSecond) * 1_000_000;
  return { connections, calls: ratePerSecond, ratePerSecond, meanUs, p50Us, p99Us: p50Us * 3, little: 1 };
};

/** A case that was measured in two rounds, of which the second is half as fast as the first. */
export const measuredCase = (name: string, connections: number, ratePerSecond: number, p50Us: number): MeasuredCase => ({
  name,
  connections,
  rounds: [createMeasurement(connections, ratePerSecond, p50Us), createMeasurement(connections, ratePerSecond / 2, p50Us * 2)],
  arithmeticMs: [7, 8],
  processorTimes: [],
});
