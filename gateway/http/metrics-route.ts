import { mayTouchAll } from "../credentials.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Route } from "./call.ts";

/** `/metrics`: for Prometheus, which is given a user of its own with the scope `monitor`. */
export const metricsRoute: Route = {
  methods: ["GET"],
  scope: "monitor",
  segments: [0, 0],
  async handle({ credential, engine, metrics }) {
    if (!mayTouchAll(credential))
      throw new GatewayError(403, `User ${JSON.stringify(credential.user)} may not see the metrics, which tell of all topics.`);
    const { contentType, text } = await metrics.read(engine);
    return { body: text, contentType };
  },
};
