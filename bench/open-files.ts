import { readFileSync } from "node:fs";

/** How many files, and so connections, this process may have open at once. On Linux, where Node asks for as many as it may have. */
export const readOpenFilesLimit = (): number => parseOpenFilesLimit(readFileSync("/proc/self/limits", "utf8"));

/** @param limits the text of /proc/self/limits */
export const parseOpenFilesLimit = (limits: string): number => {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
};
