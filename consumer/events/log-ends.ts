import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { TrimmedError } from "./event-log.ts";

/** @throws TrimmedError for an offset whose record is not kept any more, or beyond the end, as after a topic was deleted and made again */
export const requireWithin = (
  { topic, partition, offset }: TopicPartitionOffset,
  { first, end }: { readonly first: number; readonly end: number },
): void => {
  const where = `partition ${partition} of topic ${topic}`;
  if (offset < first)
    throw new TrimmedError(`The records of ${where} before offset ${first} were deleted, and those from ${offset} on are needed.`);
  if (offset > end)
    throw new TrimmedError(
      `The end of ${where} is offset ${end}, and it was ${offset} before: records were deleted, or the topic made anew.`,
    );
};
