import type { Problem } from "../protocol/problem.ts";

/** How this tab calls the Worker: as anybody, or with a key or a token that somebody has typed. */
export type Session = {
  /** Adds the credentials, and notices when the Worker wants some, or others. */
  readonly fetch: typeof fetch;
  readonly isSignedIn: boolean;
  /** Why the Worker last refused who calls; undefined if it has not since. */
  readonly refusal: string | undefined;
  signIn(credentials: string): void;
  signOut(): void;
};

type SessionOptions = {
  readonly fetch: typeof fetch;
  /** Of this tab: another one does not see the credentials, and they go when it is closed. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Somebody has signed in or out. */
  readonly onChange: () => void;
  /** The Worker has refused who calls, for a reason that is new. */
  readonly onRefused: () => void;
};

const KEY = "rejoinder-credentials";

export const createSession = ({ fetch, storage, onChange, onRefused }: SessionOptions): Session => {
  let credentials = storage.getItem(KEY) ?? undefined;
  let refusal: string | undefined;

  const become = (next: string | undefined, why?: string): void => {
    credentials = next;
    refusal = why;
    if (next === undefined) storage.removeItem(KEY);
    else storage.setItem(KEY, next);
    onChange();
  };

  return {
    async fetch(input, init) {
      const sent = credentials;
      const headers = new Headers(init?.headers);
      if (sent !== undefined) headers.set("authorization", `Bearer ${sent}`);
      const response = await fetch(input, { ...init, headers });
      const why = await readRefusal(response);
      // An answer to other credentials says nothing of these.
      if (why !== undefined && sent === credentials && why !== refusal) {
        refusal = why;
        onRefused();
      }
      return response;
    },
    get isSignedIn() {
      return credentials !== undefined;
    },
    get refusal() {
      return refusal;
    },
    signIn(text) {
      const trimmed = text.trim();
      // A header could not carry anything else.
      if (/^[\x21-\x7e]+$/.test(trimmed)) become(trimmed);
      else become(undefined, "Expected an API key or a token, which has letters, digits and signs, and no spaces.");
    },
    signOut: () => become(undefined),
  };
};

/** What the Worker says if it refuses who calls. */
const readRefusal = async (response: Response): Promise<string | undefined> => {
  if (response.status !== 401 && response.status !== 403) return undefined;
  const { code, title, detail }: Partial<Problem> = await response
    .clone()
    .json()
    .catch(() => ({}));
  if (response.status === 403 && code !== "INSUFFICIENT_SCOPE") return undefined;
  return [`${title ?? `The server answers with HTTP ${response.status}`}.`, detail].filter(Boolean).join(" ");
};
