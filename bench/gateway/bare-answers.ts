import type { Answer } from "../load.ts";

/** What a bare server answers, by the first segment of the path. */
export type BareAnswers = Readonly<Record<string, BareAnswer>>;

/** The end-to-end part of a real answer, and how long its connection is kept: from these Node makes the same bytes again. */
export type BareAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
  readonly keepAliveMs: number;
};

/** What Node itself writes. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["date", "connection", "keep-alive"]);

/** Takes from an answer, of which the body was kept, what a bare server needs to give it too. */
export const toBareAnswer = ({ status, headers, body }: Answer): BareAnswer => {
  const kept: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && !OWN_HEADERS.has(name)) kept[name] = value;
  const [, seconds = "0"] = /timeout=(\d+)/.exec(String(headers["keep-alive"])) ?? [];
  return { status, headers: kept, body, keepAliveMs: Number(seconds) * 1_000 };
};
