/** What a check has found. */
export type Finding = {
  readonly kind: "ok" | "note" | "wrong";
  /** A sentence; more lines may follow. */
  readonly text: string;
  /** What to do about it. */
  readonly mend?: string | undefined;
};

export const ok = (text: string): Finding => ({ kind: "ok", text });
/** Something to know, which may be right. */
export const note = (text: string, mend?: string): Finding => ({ kind: "note", text, mend });
export const wrong = (text: string, mend?: string): Finding => ({ kind: "wrong", text, mend });

/** A finding as lines for the terminal. */
export const linesOf = ({ kind, text, mend }: Finding): string => {
  const [first = "", ...rest] = text.split("\n");
  const lines = [`${kind.padEnd(6)} ${first}`, ...rest.map((line) => `       ${line}`)];
  return [...lines, ...(mend === undefined ? [] : [`       Fix: ${mend}`])].join("\n");
};
