/** Units of time in seconds, the largest first. */
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
] as const;

/** A duration for people: `0 ms`, `312 ms`, `2.31 s`, `1 min 5 s`. */
export const formatDuration = (ms: number): string => {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** A whole number of seconds in its largest fitting unit: `30 s`, `2 min`, `1 h`, `1 d`. */
export const formatSeconds = (seconds: number): string => {
  for (const [unit, size] of UNITS) if (seconds % size === 0) return `${seconds / size} ${unit}`;
  return `${seconds} s`;
};

/** How long ago something was, in words: `now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`. */
export const formatAge = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 1) return "now";
  for (const [unit, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  return `${seconds} s ago`;
};
