import { existsSync, readFileSync, statSync } from "node:fs";
import { expect } from "vitest";

/** What the handlers write down: a run begins, its step has had its effect, its result is recorded, and how the run has ended. */
export type Moment = "begins" | "effect" | "recorded" | "fails" | "aborted" | "ends";

export type Line = {
  readonly correlationId: string;
  readonly process: string;
  readonly what: Moment;
  readonly key: string;
  readonly index: number;
};

/** What handlers in other processes have noted so far, in its order. */
export const createJournal = (path: string) => {
  let size = 0;
  let lines: readonly Line[] = [];
  const read = (): readonly Line[] => {
    const length = existsSync(path) ? statSync(path).size : 0;
    if (length === size) return lines;
    size = length;
    lines = readFileSync(path, "utf8").split("\n").slice(0, -1).map(parse);
    return lines;
  };
  return {
    read,
    /** What was noted of a request. */
    of: (correlationId: string): readonly Moment[] => read().flatMap((line) => (line.correlationId === correlationId ? [line.what] : [])),
  };
};

export type Journal = ReturnType<typeof createJournal>;

const parse = (line: string): Line => {
  const [correlationId = "", pid = "", what, key = "", index] = line.split(" ");
  return { correlationId, process: pid, what: what as Moment, key, index: Number(index) };
};

/** No request began before all earlier ones of its key had ended. */
export const expectOrder = (lines: readonly Line[]): void => {
  for (const [key, ofKey] of Map.groupBy(lines, (line) => line.key)) {
    if (key === "") continue;
    const ended = new Set<number>();
    const indexes = [...new Set(ofKey.map(({ index }) => index))].toSorted((one, other) => one - other);
    for (const { index, what } of ofKey) {
      if (what === "ends") ended.add(index);
      if (what !== "begins") continue;
      const earlier = indexes.filter((candidate) => candidate < index && !ended.has(candidate));
      expect(earlier, `request ${index} of ${key} began before these had ended`).toEqual([]);
    }
  }
};

/** A step that is recorded has no effect any more, and where no consumer died each has exactly one. */
export const expectOnce = (lines: readonly Line[], hasDied: boolean): void => {
  for (const [id, ofRequest] of Map.groupBy(lines, ({ correlationId }) => correlationId)) {
    const moments = ofRequest.map(({ what }) => what).filter((what) => what === "effect" || what === "recorded");
    const first = moments.indexOf("recorded");
    if (first < 0) continue;
    expect(moments.slice(first), `a step of ${id} ran although it was recorded`).not.toContain("effect");
    if (!hasDied) expect(moments.slice(0, first)).toEqual(["effect"]);
  }
};
