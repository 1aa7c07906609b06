import { errorOfCode, kafkaErrorOf } from "./errors.ts";
import { type Requests, wholeAnswer } from "./library.ts";
import type { DescribeConfigsResponse } from "./protocol.ts";

/** A kind of resource in Kafka's protocol. */
const TOPIC = 2;

/**
 * Settings of a topic by name, such as `retention.ms`, as the cluster applies them: the topic's own, or else the default.
 * @throws KafkaError `unknown-topic`, `unauthorized` without the right DescribeConfigs, or `unavailable`
 */
export const readTopicSettings = async (
  requests: Requests,
  topic: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const resources = [{ resourceType: TOPIC, resourceName: topic, configurationKeys: names }];
  const { results } = await wholeAnswer(requests.ask<DescribeConfigsResponse>(undefined, "DescribeConfigs", resources, false, false)).catch(
    (error: unknown) => {
      throw kafkaErrorOf(error);
    },
  );
  const { errorCode = 0, configs = [] } = results[0] ?? {};
  if (errorCode !== 0) throw errorOfCode(errorCode, JSON.stringify(topic));
  return new Map(configs.map(({ name, value }) => [name, value ?? ""]));
};
