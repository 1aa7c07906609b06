import type { Route } from "./call.ts";
import { consumeRoute, fetchRoute } from "./consume.ts";
import { commitRoute, committedRoute, deleteConsumerRoute } from "./group.ts";
import { metricsRoute } from "./metrics-route.ts";
import { consumersRoute, offsetsRoute, topicsRoute } from "./metadata.ts";
import { produceRoute } from "./produce.ts";
import { webhookRoute } from "./webhook.ts";

/** Every route of the dialect, and `/metrics`, by the first segment of the path. */
export const ROUTES: ReadonlyMap<string, Route> = new Map([
  ["produce", produceRoute],
  ["consume", consumeRoute],
  ["fetch", fetchRoute],
  ["commit", commitRoute],
  ["committed", committedRoute],
  ["delete-consumer", deleteConsumerRoute],
  ["offsets", offsetsRoute],
  ["topics", topicsRoute],
  ["consumers", consumersRoute],
  ["webhook", webhookRoute],
  ["metrics", metricsRoute],
]);
