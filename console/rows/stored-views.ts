import type { ViewsBody } from "../../protocol/view-api.ts";

const PATIENCE_MS = 5_000;

/** Asks the Worker for `GET /views`. Undefined if it does not say, such as to who is no operator, or does not answer. */
export const readStoredViews = async (fetch: typeof globalThis.fetch): Promise<ViewsBody["views"] | undefined> => {
  try {
    const response = await fetch("/views", { signal: AbortSignal.timeout(PATIENCE_MS) });
    const { views } = (await response.json()) as Partial<ViewsBody>;
    return response.ok && Array.isArray(views) && views.every(({ versions }) => Array.isArray(versions)) ? views : undefined;
  } catch {
    return undefined;
  }
};
