import type { Problem } from "../../protocol/problem.ts";

/** A dead letter, as `GET /dead-letters` tells it. */
export type Letter = {
  /** topic/partition/offset: its name. */
  readonly letter: string;
  /** RFC 3339 */
  readonly time: string;
  readonly operation?: string;
  readonly code?: string;
  readonly correlationId?: string;
  readonly reason?: string;
  readonly attempts?: number;
  /** Where its record was: topic/partition/offset. */
  readonly origin?: string;
  /** Why nobody can send it again. */
  readonly obstacle?: string;
  /** What was done with it. */
  readonly settlement?: { readonly action: "redriven" | "dropped"; readonly at: string; readonly correlationId?: string };
};

/** With all that it holds. */
export type WholeLetter = Letter & {
  readonly headers: readonly { readonly key: string; readonly value: string | null }[];
  readonly key: string | null;
  readonly payload: string | null;
};

/** Which letters are looked at. Empty: any. */
export type LetterFilter = {
  readonly operation: string;
  readonly code: string;
  /** Seconds before now; 0: all of them. */
  readonly withinSeconds: number;
  /** Those too with which something was done. */
  readonly all: boolean;
};

export type LetterPage = {
  /** Of all that the filter means. */
  readonly count: number;
  readonly letters: readonly Letter[];
  /** Leads to the next page. */
  readonly next?: string;
};

export type LetterAction = "redrive" | "drop";

/** What became of a letter. */
export type LetterResult = {
  readonly letter: string;
  readonly action: "redriven" | "dropped" | "refused" | "missing";
  readonly correlationId?: string;
  readonly obstacle?: string;
  readonly problem?: Problem;
};

/** The dead letters of the Worker. Each call rejects with an Error whose message says why, in a sentence for people. */
export type Letters = {
  list(filter: LetterFilter, cursor?: string): Promise<LetterPage>;
  /** The names of all that a filter means. */
  names(filter: LetterFilter): Promise<readonly string[]>;
  show(letter: string): Promise<WholeLetter>;
  /** Acts on letters, some at a time, in the order in which they are named; tells what became of each so far. */
  act(action: LetterAction, letters: readonly string[], onResults: (results: readonly LetterResult[]) => void): Promise<void>;
};

type LettersOptions = {
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

const PATIENCE_MS = 30_000;
/** The most that the Worker takes in a call. */
const MAX_ACTED = 20;
const PAGE = 25;
const LARGEST_PAGE = 100;

/** The Worker has none to show: it is of an older version, or cannot read them. */
export class NoLettersError extends Error {}

export const createLetters = ({ fetch, now }: LettersOptions): Letters => {
  const call = async <Body>(path: string, init: RequestInit = {}): Promise<Body> => {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) }).catch((cause: unknown) => {
      throw new Error("The server does not answer.", { cause });
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && typeof body === "object" && body !== null) return body as Body;
    throw errorOf(response.status, body as Partial<Problem> | undefined);
  };

  const list = ({ operation, code, withinSeconds, all }: LetterFilter, limit: number, cursor?: string): Promise<LetterPage> => {
    const query = new URLSearchParams({ limit: String(limit) });
    if (operation !== "") query.set("operation", operation);
    if (code !== "") query.set("code", code);
    if (withinSeconds > 0) query.set("since", new Date(now() - withinSeconds * 1_000).toISOString());
    if (all) query.set("all", "true");
    if (cursor !== undefined) query.set("cursor", cursor);
    return call(`/dead-letters?${query}`);
  };

  return {
    list: (filter, cursor) => list(filter, PAGE, cursor),
    async names(filter) {
      const names: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await list({ ...filter, all: false }, LARGEST_PAGE, cursor);
        names.push(...page.letters.map(({ letter }) => letter));
        if (page.next === undefined) return names;
        cursor = page.next;
      }
    },
    show: (letter) => call(`/dead-letters/${letter}`),
    async act(action, letters, onResults) {
      for (let first = 0; first < letters.length; first += MAX_ACTED) {
        const body = JSON.stringify({ letters: letters.slice(first, first + MAX_ACTED) });
        const headers = { "content-type": "application/json" };
        const { results } = await call<{ readonly results: readonly LetterResult[] }>(`/dead-letters/${action}`, {
          method: "POST",
          headers,
          body,
        });
        onResults(results);
      }
    },
  };
};

const errorOf = (status: number, { code, title, detail }: Partial<Problem> = {}): Error => {
  if (status === 404 && code === "NOT_FOUND") return new NoLettersError("This Worker does not tell of dead letters.");
  if (status === 401 || code === "INSUFFICIENT_SCOPE") return new NoLettersError("Only operators see them.");
  if (status === 501) return new NoLettersError(detail);
  const sentence = title === undefined ? `The server answers with HTTP ${status}.` : [`${title}.`, detail].filter(Boolean).join(" ");
  return new Error(sentence);
};
