import { isTerminal } from "../../protocol/states.ts";
import type { StatusBody } from "../../protocol/status.ts";

/** Sends requests, cancels them, and follows their statuses. */
export const createLifeCaller = (url: string) => {
  const call = async (path: string, init?: RequestInit): Promise<StatusBody> => {
    const response = await fetch(url + path, init);
    return (await response.json()) as StatusBody;
  };
  return {
    /** Resolves to the correlation ID. */
    async send(operation: string, request: string): Promise<string> {
      const body = JSON.stringify(request);
      const headers = { "content-type": "application/json" };
      const { correlationId } = await call(`/requests/${operation}`, { method: "POST", headers, body });
      return correlationId;
    },
    read: (correlationId: string) => call(`/status/${correlationId}`),
    cancel: (correlationId: string) => call(`/status/${correlationId}`, { method: "DELETE" }),
    /** Resolves to the status once it is like that. */
    async reach(correlationId: string, isReached: (status: StatusBody) => boolean): Promise<StatusBody> {
      let status = await call(`/status/${correlationId}`);
      while (!isReached(status)) {
        const headers = { prefer: "wait=20", "if-none-match": `"${status.version}"` };
        const response = await fetch(`${url}/status/${correlationId}`, { headers });
        if (response.ok) status = (await response.json()) as StatusBody;
      }
      return status;
    },
  };
};

export const isEnded = ({ state }: StatusBody): boolean => isTerminal(state);
