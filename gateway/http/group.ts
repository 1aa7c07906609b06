import { mayTouchAll, requireTopic } from "../credentials.ts";
import type { InstanceName } from "../engine.ts";
import type { Call, Route } from "./call.ts";
import { readInstance, readObjects, readOffset, readPartition } from "./input.ts";

const SUCCESS = { body: { result: "Success", status: 200 } } as const;

/** `/commit/$GROUP/$INSTANCE`: one offset or an array, stored as they are; an empty body commits all that was delivered. */
export const commitRoute: Route = {
  methods: ["GET", "POST"],
  scope: "consume",
  segments: [2, 2],
  async handle(call) {
    const name = readInstance(call);
    const offsets = readObjects("the body", call.body).map(readOffset);
    for (const { topic } of offsets) requireTopic(call.credential, topic);
    if (offsets.length === 0) await requireInstance(call, name);
    await call.engine.commit(name, offsets);
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
    const name = readInstance(call);
    await requireInstance(call, name);
    await call.engine.deleteConsumer(name);
    return SUCCESS;
  },
};

/** Whoever may touch only some topics must not act on an instance that reads others. */
const requireInstance = async ({ engine, credential }: Call, { group, instance }: InstanceName): Promise<void> => {
  if (mayTouchAll(credential)) return;
  const found = (await engine.consumers()).find(({ name }) => name === group)?.instances.find(({ name }) => name === instance);
  for (const { topic } of found?.topics ?? []) requireTopic(credential, topic);
};
