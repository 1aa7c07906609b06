import { mayTouchAll, requireTopic } from "../credentials.ts";
import type { Route } from "./call.ts";
import { readInstance, readObjects, readOffset, readPartition } from "./input.ts";

const SUCCESS = { body: { result: "Success", status: 200 } } as const;

/** `/commit/$GROUP/$INSTANCE`: one offset or an array, stored as they are; an empty body commits all that was delivered. */
export const commitRoute: Route = {
  methods: ["GET", "POST"],
  scope: "consume",
  segments: [2, 2],
  async handle(call) {
    const offsets = readObjects("the body", call.body).map(readOffset);
    for (const { topic } of offsets) requireTopic(call.credential, topic);
    await call.engine.commit(readInstance(call), offsets);
    return SUCCESS;
  },
};

/** `/committed/$GROUP/$INSTANCE`: where the group resumes; partitions without a commit are left out. */
export const committedRoute: Route = {
  methods: ["GET", "POST"],
  scope: "consume",
  segments: [2, 2],
  async handle(call) {
    const partitions = readObjects("the body", call.body).map(readPartition);
    for (const { topic } of partitions) requireTopic(call.credential, topic);
    return { body: await call.engine.committed(readInstance(call), partitions) };
  },
};

/** `/delete-consumer/$GROUP/$INSTANCE` */
export const deleteConsumerRoute: Route = {
  methods: ["POST", "DELETE"],
  scope: "consume",
  segments: [2, 2],
  async handle(call) {
    const { user, ...name } = readInstance(call);
    // Whoever may touch everything may also clear away what others have left.
    await call.engine.deleteConsumer(mayTouchAll(call.credential) ? name : { ...name, user });
    return SUCCESS;
  },
};
