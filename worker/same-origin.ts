import { RejoinderError } from "../protocol/errors.ts";

/**
 * Refuses what a page of another origin makes a browser send. `Sec-Fetch-Site` (Fetch Metadata) says so, and where a browser has none, `Origin`
 * does. Programs send neither, and their users know what they call.
 * @throws RejoinderError `CROSS_ORIGIN`
 */
export const checkSameOrigin = ({ headers, url }: Request): void => {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === null ? origin === null || hostOf(origin) === (headers.get("host") ?? new URL(url).host) : site === "same-origin") return;
  throw new RejoinderError("CROSS_ORIGIN", { detail: "Expected a call from the console of this Worker, or from a program." });
};

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
