import { textToBase64 } from "../../protocol/base64.ts";
import type { ProxyResponse } from "./proxy-response.ts";

/** Where a Kafka REST proxy is, and how to authenticate. */
export type ProxyOptions = {
  /** Without a slash at its end. */
  readonly url: string;
  /** The value of the Authorization header; undefined for a proxy that needs none. */
  readonly authorization: string | undefined;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
};

export type ProxyConnection = {
  /** GETs a path. Undefined: there was no response by the deadline. */
  get(path: string, deadline: number): Promise<ProxyResponse | undefined>;
  /** Posts JSON. `lost`: nobody knows what became of it. `away`: it was not sent, because the proxy does not respond. */
  post(path: string, contentType: string, body: unknown, deadline: number): Promise<ProxyResponse | "lost" | "away">;
};

/** HTTP to a proxy, bounded by deadlines. @param probePath a path to GET to find out whether the proxy is up */
export const createProxyConnection = (
  { url, authorization, fetch = (...args) => globalThis.fetch(...args), now = Date.now }: ProxyOptions,
  probePath: string,
): ProxyConnection => {
  const headers = { accept: "application/vnd.kafka.v2+json, application/json", ...(authorization !== undefined && { authorization }) };

  /** A call was lost, so the proxy may be down: the next call probes it first, so that its own outcome is certain. */
  let isSuspect = false;

  const call = async (path: string, deadline: number, init: RequestInit): Promise<ProxyResponse | undefined> => {
    const late = new AbortController();
    // Not AbortSignal.timeout, whose timer outlives the call: the platform bills an object for as long as a timer is pending.
    const timer = setTimeout(() => late.abort(), Math.max(1, deadline - now()));
    try {
      const response = await fetch(url + path, { redirect: "manual", signal: late.signal, ...init });
      return { status: response.status, body: parse(await response.text()) };
    } catch {
      // The platform does not distinguish a refused connection from a lost one.
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };

  const get: ProxyConnection["get"] = (path, deadline) => call(path, deadline, { headers });

  const isAway = async (deadline: number): Promise<boolean> => {
    const answer = await get(probePath, deadline);
    isSuspect = answer === undefined || answer.status >= 500;
    return isSuspect;
  };

  return {
    get,
    async post(path, contentType, body, deadline) {
      if (isSuspect && (await isAway(deadline))) return "away";
      const answer = await call(path, deadline, {
        method: "POST",
        headers: { ...headers, "content-type": contentType },
        body: JSON.stringify(body),
      });
      if (answer !== undefined) return answer;
      isSuspect = true;
      return "lost";
    },
  };
};

/** The Authorization header of a user (RFC 7617). */
export const basicAuthorization = (username: string, password: string): string => `Basic ${textToBase64(`${username}:${password}`)}`;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
