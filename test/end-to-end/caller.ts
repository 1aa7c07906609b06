import type { StatusBody } from "../../protocol/status.ts";
import { isTerminal } from "../../protocol/states.ts";
import { until } from "../helpers/stack.ts";

/** What became of one POST, as its caller sees it. */
export type Sent =
  | { readonly outcome: "accepted"; readonly id: string }
  /** 504 PRODUCE_UNKNOWN: perhaps it was taken; the status says. */
  | { readonly outcome: "unknown"; readonly id: string }
  /** Any other answer, or none: the caller was told nothing that it could rely on. */
  | { readonly outcome: "refused"; readonly code: string };

/** Somebody who sends requests and asks for their status, and is patient while parts of the other side are away. */
export type Caller = {
  post(operation: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  send(operation: string, body: unknown): Promise<Sent>;
  status(id: string, waitSeconds?: number): Promise<StatusBody>;
  /** Asks until the status is terminal. */
  end(id: string): Promise<StatusBody>;
};

export const createCaller = (url: string): Caller => {
  const post: Caller["post"] = (operation, body, headers = {}) =>
    fetch(`${url}/requests/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const status: Caller["status"] = async (id, waitSeconds = 0) => {
    const response = await fetch(`${url}/status/${id}`, waitSeconds === 0 ? {} : { headers: { prefer: `wait=${waitSeconds}` } });
    if (!response.ok) throw new Error(`Expected a status, got ${response.status} ${await response.text()}`);
    return (await response.json()) as StatusBody;
  };
  return {
    post,
    status,
    async send(operation, body) {
      try {
        const response = await post(operation, body);
        const answer = (await response.json()) as { correlationId?: string; code?: string };
        const { correlationId: id = "", code = String(response.status) } = answer;
        if (response.status === 202) return { outcome: "accepted", id };
        return code === "PRODUCE_UNKNOWN" ? { outcome: "unknown", id } : { outcome: "refused", code };
      } catch {
        return { outcome: "refused", code: "connection lost" };
      }
    },
    async end(id) {
      const ended: StatusBody[] = [];
      await until(async () => {
        const body = await status(id, 5).catch(() => undefined);
        if (body !== undefined && isTerminal(body.state)) ended.push(body);
        return ended.length > 0;
      });
      return ended[0] as StatusBody;
    },
  };
};
