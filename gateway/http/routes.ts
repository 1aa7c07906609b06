import type { Route } from "./call.ts";
import { consumeRoute, fetchRoute } from "./consume.ts";
import { commitRoute, committedRoute, deleteConsumerRoute } from "./group.ts";
import { consumersRoute, offsetsRoute, topicsRoute } from "./metadata.ts";
import { produceRoute } from "./produce.ts";

/** Every route of the dialect, by the first segment of its path. */
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
]);
