import { readdir, readFile } from "node:fs/promises";

/** Whether this system tells what each thread has used of a processor. */
export const knowsThreadTimes: boolean = process.platform === "linux";

/** What each thread of a process has used of a processor so far, in nanoseconds, by its number. */
export type ThreadTimes = ReadonlyMap<string, number>;

/** On Linux. @throws Error if there is no such process. */
export const readThreadTimes = async (pid: number): Promise<ThreadTimes> => {
  const folder = `/proc/${pid}/task`;
  const times = (await readdir(folder)).map(async (thread) => {
    // One that ends meanwhile has no file any more.
    const text = await readFile(`${folder}/${thread}/schedstat`, "utf8").catch(() => undefined);
    return text === undefined ? [] : [[thread, Number(text.split(" ")[0])] as const];
  });
  return new Map((await Promise.all(times)).flat());
};

/** What was used between the two, in nanoseconds. What a thread used that ended meanwhile is lost. */
export const usedBetween = (before: ThreadTimes, after: ThreadTimes): number =>
  [...after].reduce((sum, [thread, ns]) => sum + ns - (before.get(thread) ?? 0), 0);
