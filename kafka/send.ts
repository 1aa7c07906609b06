import { ProduceAcks, ProtocolError } from "@platformatic/kafka";
import { topicPartitionKey } from "../protocol/topic-partition.ts";
import type { BytesProducer } from "./clients.ts";
import { kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";
import { connectTo, responseIn } from "./library.ts";
import type { PendingRecord } from "./pending-record.ts";
import type { ProduceOutcome } from "./produce-error.ts";
import type { Leader } from "./topic-metadata.ts";

/** Sends records to the broker that leads all of their partitions, as one request; resolves to what became of each, in their order. */
export const sendToLeader = async (
  client: BytesProducer,
  { broker }: Leader,
  records: readonly PendingRecord[],
): Promise<readonly ProduceOutcome[]> => {
  try {
    // First of all a connection: while there is none, it is certain that nothing was stored.
    await connectTo(client, broker);
  } catch (error) {
    const failure = kafkaErrorOf(error);
    return records.map(() => failure);
  }
  for (const pending of records) pending.sent = true;
  try {
    // The client's own default is to wait for the leader alone.
    const { offsets = [] } = await client.send({ messages: records.map(messageOf), acks: ProduceAcks.ALL });
    return outcomesOf(records, new Map(offsets.map(({ topic, partition, offset }) => [topicPartitionKey({ topic, partition }), offset])));
  } catch (error) {
    const answered = answersIn(error);
    if (answered === undefined) {
      const failure = kafkaErrorOf(error, { mayHaveBeenStored: true });
      return records.map(() => failure);
    }
    return outcomesOf(records, answered);
  }
};

const messageOf = ({ record: { topic, key, value, headers }, partition = 0, timestampMs }: PendingRecord) => ({
  topic,
  partition,
  timestamp: BigInt(timestampMs),
  ...(key === undefined ? {} : { key }),
  ...(value === undefined ? {} : { value }),
  // A Map of Buffers keeps names that come twice, as each is a key of its own. The library writes a null as it is, though its types have none.
  ...(headers === undefined || headers.length === 0 ? {} : { headers: new Map(headers as [Buffer, Buffer][]) }),
});

/** A partition's first offset of this send, or why it took nothing. */
type Answers = ReadonlyMap<string, bigint | KafkaError>;

const outcomesOf = (records: readonly PendingRecord[], answers: Answers): readonly ProduceOutcome[] => {
  const stored = new Map<string, number>();
  return records.map(({ record: { topic }, partition = 0, timestampMs }) => {
    const name = topicPartitionKey({ topic, partition });
    const answer = answers.get(name) ?? new KafkaError("unknown", "its answer left out a partition");
    if (answer instanceof KafkaError) return answer;
    const before = stored.get(name) ?? 0;
    stored.set(name, before + 1);
    return { topic, partition, offset: Number(answer) + before, timestamp: timestampMs };
  });
};

type PartitionResponse = {
  readonly index: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly baseOffset: bigint;
  readonly recordErrors?: readonly { readonly batchIndexErrorMessage: string | null }[];
};

type ProduceResponse = {
  readonly responses?: readonly { readonly name: string; readonly partitionResponses: readonly PartitionResponse[] }[];
};

/** Where a broker did answer, some partitions may have taken their records: the library's error carries the whole answer. */
const answersIn = (error: unknown): Answers | undefined => {
  const responses = responseIn<ProduceResponse>(error)?.responses;
  return (
    responses &&
    new Map(responses.flatMap(({ name, partitionResponses }) => partitionResponses.map((response) => answerOf(name, response))))
  );
};

/** By the partition's own code: the library also gives each record that is to blame the code -1, which is that of a broken broker. */
const answerOf = (
  topic: string,
  { index, errorCode, errorMessage, baseOffset, recordErrors }: PartitionResponse,
): readonly [string, bigint | KafkaError] => {
  const name = topicPartitionKey({ topic, partition: index });
  if (errorCode === 0) return [name, baseOffset];
  const blame = recordErrors?.find(({ batchIndexErrorMessage }) => batchIndexErrorMessage)?.batchIndexErrorMessage;
  const error = kafkaErrorOf(new ProtocolError(errorCode, blame ?? errorMessage), { mayHaveBeenStored: true });
  if (baseOffset < 0n) return [name, error];
  // The leader had appended the records when it lost the partition: the next leader may have them, or not.
  const { protocolError } = error;
  return [name, new KafkaError("unknown", `${protocolError} came after it had appended them`, { cause: error, protocolError })];
};
