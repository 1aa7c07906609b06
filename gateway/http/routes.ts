import { GatewayError } from "../gateway-error.ts";
import type { Route } from "./call.ts";
import { consumeRoute, fetchRoute } from "./consume.ts";
import { commitRoute, committedRoute, deleteConsumerRoute } from "./group.ts";
import { consumersRoute, metricsRoute, offsetsRoute, topicsRoute } from "./metadata.ts";
import { produceRoute } from "./produce.ts";
import type { Target } from "./target.ts";
import { webhookRoute } from "./webhook.ts";

/** Every route, by the first segment of the path. */
const ROUTES: ReadonlyMap<string, Route> = new Map([
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

export const isRoute = (name: string): boolean => ROUTES.has(name);

/**
 * The route of a request.
 * @throws GatewayError 404 if there is none, 405 if it does not take the method
 */
export const findRoute = ({ name, path }: Target, method = ""): Route => {
  const route = ROUTES.get(name);
  if (route === undefined)
    throw new GatewayError(404, `There is nothing at this path. Known: ${[...ROUTES.keys()].map((known) => `/${known}`).join(", ")}.`);
  const [least, most] = route.segments;
  if (path.length < least || path.length > most)
    throw new GatewayError(
      404,
      `Expected ${least === most ? least : `${least} to ${most}`} segments after /${name}, got ${path.length}. A slash within a name is written as %2F.`,
    );
  if (!route.methods.includes(method))
    throw new GatewayError(405, `Expected the method to be ${route.methods.join(" or ")}, got ${method}.`, { allow: route.methods });
  return route;
};
