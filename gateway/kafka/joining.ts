import type { Clock } from "../clock.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { GroupRequests } from "../../kafka/group-requests.ts";
import type { Instance, InstancesOptions } from "./instances.ts";
import { type Assignment, createMember } from "./member.ts";
import { noteCommitted, uncommitted } from "./positions.ts";
import type { OwnConnections } from "../../kafka/cluster.ts";

export type JoiningOptions = {
  readonly connect: () => OwnConnections;
  readonly groups: GroupRequests;
  readonly directory: Directory;
  readonly clock: Clock;
};

/** How an instance comes to be a member of its group, and what it commits by itself. */
export const createJoining = ({ connect, groups, directory, clock }: JoiningOptions): Pick<InstancesOptions, "create" | "autoCommit"> => {
  /** A commit that fails makes records come again, which at-least-once allows. */
  const commitDelivered = async (instance: Instance, assignment: Assignment | undefined): Promise<void> => {
    if (!instance.options.autoCommit || assignment === undefined) return;
    const offsets = uncommitted(instance, assignment);
    if (offsets.length === 0) return;
    await groups.commit(instance, assignment, offsets).then(
      () => noteCommitted(instance, offsets),
      () => undefined,
    );
  };

  return {
    autoCommit: (instance) => commitDelivered(instance, instance.member.assignment()),
    create({ group, instance: instanceName, topics: subscribed }, options, onFenced) {
      const { requests, close } = connect();
      const name = { group, instance: instanceName };
      const topics = new Set(subscribed);
      const instance: Instance = {
        ...name,
        options,
        topics,
        requests,
        positions: new Map(),
        positionsOf: undefined,
        consuming: undefined,
        seenAt: clock.now(),
        ended: undefined,
        timers: new Map(),
        close,
        member: createMember({
          name,
          topics,
          requests,
          groups,
          directory,
          clock,
          onRevoke: (assignment) => commitDelivered(instance, assignment),
          onFenced: () =>
            onFenced(
              new GatewayError(
                409,
                `Instance ${JSON.stringify(instanceName)} has come to the group at another gateway: send all calls of an instance to the same one.`,
              ),
            ),
        }),
      };
      return instance;
    },
  };
};
