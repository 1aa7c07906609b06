/** What a topic must be set to so that every record of it is kept, by Kafka's names. */
export const EVENT_TOPIC_SETTINGS: Readonly<Record<string, string>> = {
  "cleanup.policy": "delete",
  "retention.ms": "-1",
  "retention.bytes": "-1",
};

/** Settings as Kafka's tools take them. */
const textOf = (names: readonly string[]): string => names.map((name) => `${name}=${EVENT_TOPIC_SETTINGS[name]}`).join(",");

/**
 * Why records of a topic with these settings get lost: each fault as a sentence that says how to mend it. Settings that are not known are passed over.
 * @param mend how to set a topic to these, in words that begin a sentence
 */
export const faultsOfSettings = (topic: string, settings: ReadonlyMap<string, string>, mend: (text: string) => string): readonly string[] =>
  Object.entries(EVENT_TOPIC_SETTINGS).flatMap(([name, wanted]) => {
    const found = settings.get(name);
    if (found === undefined || found === wanted) return [];
    return [`Topic ${topic} has ${name}=${found}, so events get lost: expected ${wanted}. ${mend(textOf([name]))}`];
  });

/** The command of Kafka that sets a topic. */
export const alterCommand = (broker: string, topic: string, settings: string): string =>
  `kafka-configs.sh --bootstrap-server ${broker} --alter --entity-type topics --entity-name ${topic} --add-config ${settings}`;

/** The command of Kafka that makes a topic of events. */
export const createCommand = (broker: string, topic: string, partitions: number): string => {
  const settings = Object.keys(EVENT_TOPIC_SETTINGS).map((name) => `--config ${textOf([name])}`);
  return `kafka-topics.sh --bootstrap-server ${broker} --create --topic ${topic} --partitions ${partitions} ${settings.join(" ")}`;
};
