import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Whether this system has /proc, which all but the resident memory is read from. */
export const isLinux: boolean = process.platform === "linux";

/** How many bytes of memory a process holds now. @throws Error if there is no such process */
export const readResidentBytes = async (pid: number): Promise<number> => {
  if (isLinux) return readKibibytes(`/proc/${pid}/status`, "VmRSS");
  return Number((await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)])).stdout) * 1_024;
};

/** The same, but of what it shares with others its share only (PSS): so those of several processes can be summed. */
export const readProportionalBytes = (pid: number): Promise<number> => readKibibytes(`/proc/${pid}/smaps_rollup`, "Pss");

const readKibibytes = async (file: string, name: string): Promise<number> =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(await readFile(file, "utf8"))?.[1]) * 1_024;

/** Takes samples again and again, until it is disposed of. */
export const watch = <Sample>(everyMs: number, look: () => Promise<Sample>) => {
  const samples: Sample[] = [];
  let failure: Error | undefined;
  const takeSample = async (): Promise<void> => void samples.push(await look());
  const timer = setInterval(() => void takeSample().catch((error: Error) => (failure ??= error)), everyMs);
  return {
    /** What was seen so far. @throws Error if one look failed, such as because the process ended */
    samples(): readonly Sample[] {
      if (failure !== undefined) throw failure;
      return samples;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
};

/** How many nanoseconds of a processor each thread of some processes has used so far. @throws Error if there is no such process */
export const readThreadTimes = async (pids: readonly number[]): Promise<ReadonlyMap<string, number>> => {
  const folders = pids.map((pid) => `/proc/${pid}/task`);
  const threads = (await Promise.all(folders.map(async (folder) => (await readdir(folder)).map((thread) => `${folder}/${thread}`)))).flat();
  // One that ends meanwhile has no file any more.
  const texts = threads.map((thread) => readFile(`${thread}/schedstat`, "utf8").catch(() => ""));
  return new Map((await Promise.all(texts)).map((text, index) => [threads[index] ?? "", Number(text.split(" ")[0])]));
};

/** What was used between the two, in nanoseconds, without the threads that ended meanwhile. */
export const usedBetween = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number =>
  [...after].reduce((sum, [thread, ns]) => sum + Math.max(0, ns - (before.get(thread) ?? 0)), 0);
