import { pause, type Time } from "../../../environment/time.ts";
import { kafkaErrorOf } from "../../../kafka/errors.ts";
import type { MemberIdentity } from "../../../kafka/group-requests.ts";
import type { TopicPartitionOffset } from "../../../protocol/topic-partition.ts";
import type { OutageLog } from "../../outage-log.ts";
import type { CommitResult, Source } from "../../source.ts";
import type { Membership } from "./membership.ts";

type GroupCommitsOptions = {
  readonly membership: Pick<Membership, "owned" | "identity" | "reassigned">;
  /** One attempt. @throws KafkaError `rebalanced` if the group is assigning its partitions, or has given them to others */
  readonly commit: (identity: MemberIdentity, offsets: readonly TopicPartitionOffset[]) => Promise<void>;
  readonly outages: OutageLog;
  readonly time: Time;
};

/** How long a commit waits for the group to assign its partitions. A consumer that ends has a second for its last commit and for leaving. */
const REASSIGNMENT_MS = 500;

/**
 * Commits for the partitions that a member owns. Kafka itself takes a commit for any partition from any member, and the group would go
 * back to it.
 */
export const createGroupCommits = ({ membership, commit, outages, time }: GroupCommitsOptions): Pick<Source, "commit"> => {
  const commitOnce = async (offsets: readonly TopicPartitionOffset[]): Promise<"committed" | "rebalanced" | "failed"> => {
    const identity = membership.identity();
    if (offsets.length === 0 || identity === undefined) return "failed";
    try {
      await commit(identity, offsets);
      outages.over();
      return "committed";
    } catch (error) {
      const { code, message } = kafkaErrorOf(error);
      // The reader reports it when the cluster does not respond.
      const isExpected = code === "rebalanced" || code === "unavailable";
      outages[isExpected ? "debug" : "warn"]({ reason: message }, "Kafka did not commit");
      return code === "rebalanced" ? "rebalanced" : "failed";
    }
  };

  /** @returns what is committed now */
  const commitOwn = async (offsets: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> => {
    const partitions = new Map(offsets.map((offset) => [offset, membership.owned(offset)]));
    const reassigned = membership.reassigned();
    const outcome = await commitOnce(offsets);
    if (outcome !== "rebalanced") return outcome === "committed" ? offsets : [];
    // While the group assigns its partitions it refuses all commits. This may have been the last one of a consumer that ends.
    await Promise.race([reassigned, pause(time, REASSIGNMENT_MS)]);
    // Others may have committed more of what was theirs in between.
    const kept = offsets.filter((offset) => membership.owned(offset) === partitions.get(offset));
    return (await commitOnce(kept)) === "committed" ? kept : [];
  };

  return {
    async commit(given): Promise<CommitResult> {
      const own = given.filter((offset) => membership.owned(offset) !== undefined);
      const lost = given.filter((offset) => membership.owned(offset) === undefined).map(({ topic, partition }) => ({ topic, partition }));
      return { committed: await commitOwn(own), lost };
    },
  };
};
