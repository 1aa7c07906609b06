import { describeLiveProducer } from "../../helpers/live-producer.ts";
import { createProducer, readProducerConfig } from "../../../worker/producer-config.ts";
import { testEnv } from "../support/worker.ts";

// The proxy that KAFKA_REST_KIND and KAFKA_REST_URL name, with the topic KAFKA_REST_TOPIC; else a gateway that was started for the tests.
const live = JSON.parse(testEnv.LIVE_PROXY) as Record<string, string>;
const kafkaRest = readProducerConfig(live["KAFKA_REST_URL"] === undefined ? { ...testEnv } : live, {});

describeLiveProducer({
  name: `a real ${kafkaRest.kind} proxy`,
  open: () => createProducer({ kafkaRest }, {}),
  topic: async () => live["KAFKA_REST_TOPIC"] ?? "requests",
});
