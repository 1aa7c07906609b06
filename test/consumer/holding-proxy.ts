import { buffer } from "node:stream/consumers";
import { serve } from "../helpers/served.ts";

export type HoldingProxy = {
  readonly url: string;
  /**
   * Holds what is produced to a topic from now on: before it reaches the gateway, or its answer after it has. Resolves when that is so for the
   * first time.
   */
  hold(topic: string, when: "before" | "after"): Promise<void>;
  /** From now on everything passes. What is held stays so. */
  pass(): void;
  close(): void;
};

/** Headers of one connection alone. */
const OWN = new Set(["host", "connection", "content-length", "transfer-encoding"]);

/** An HTTP proxy before a gateway. */
export const startHoldingProxy = async (target: string): Promise<HoldingProxy> => {
  let held: { readonly topic: string; readonly when: "before" | "after"; readonly resolve: () => void } | undefined;
  const served = await serve(async (request, response) => {
    const body = await buffer(request);
    const isHeld = request.url === "/produce" && held !== undefined && body.includes(`"topic":"${held.topic}"`);
    const { when, resolve } = held ?? {};
    if (isHeld && when === "before") return resolve?.();
    // As without a proxy, the gateway must not give records to somebody who has died.
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    try {
      const headers = Object.entries(request.headers).flatMap(([name, value]) => (OWN.has(name) ? [] : [[name, String(value)]]));
      const { url = "", method = "POST" } = request;
      const answer = await fetch(target + url, {
        method,
        headers: Object.fromEntries(headers),
        body: body.length === 0 ? null : body,
        signal: gone.signal,
      });
      const text = await answer.text();
      if (isHeld) return resolve?.();
      response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
    } catch {
      response.destroy();
    }
  });
  return {
    url: served.url,
    hold: (topic, when) => new Promise((resolve) => (held = { topic, when, resolve })),
    pass: () => (held = undefined),
    close: () => served.close(),
  };
};
