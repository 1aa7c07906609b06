import { alignColumns, formatSpread, formatWhole } from "../table.ts";
import type { VariantRow } from "./variants.ts";

/** A line for each variant, beside the first. @param title over the names */
export const formatVariants = (title: string, rows: readonly VariantRow[]): string =>
  alignColumns([
    [title, "rate/s", "p50 µs", "p99 µs", "rate ÷ first"],
    ...rows.map(({ name, ratePerSecond, p50Us, p99Us, rateToFirst }) => [
      `  ${name}`,
      ...[ratePerSecond, p50Us, p99Us].map(formatWhole),
      formatSpread(rateToFirst),
    ]),
  ]);
