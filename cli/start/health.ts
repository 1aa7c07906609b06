import { setTimeout as wait } from "node:timers/promises";

/** How often to ask: often enough that nobody waits for the next time. */
const ASK_EVERY_MS = 25;

/** Resolves once the Worker at that URL answers; rejects when `signal` aborts. */
export const waitForHealth = async (url: string, signal?: AbortSignal): Promise<void> => {
  for (;;) {
    const isHealthy = await fetch(`${url}/health`, signal === undefined ? {} : { signal }).then(
      (response) => response.ok,
      () => false,
    );
    if (isHealthy) return;
    await wait(ASK_EVERY_MS, undefined, signal === undefined ? {} : { signal });
  }
};
