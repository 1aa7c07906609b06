import { mayTouch } from "../credentials.ts";
import type { Route } from "./call.ts";

/** `/topics`: partition counts of the topics that the user may touch, by name. */
export const topicsRoute: Route = {
  methods: ["GET", "POST"],
  scope: undefined,
  segments: [0, 0],
  async handle({ engine, credential }) {
    return { body: Object.fromEntries([...(await engine.topics())].filter(([topic]) => mayTouch(credential, topic))) };
  },
};
