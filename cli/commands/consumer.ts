import { type Command, readArguments } from "../command.ts";

export const consumer: Command = {
  name: "consumer",
  summary: "Runs the consumer alone: the handlers of app/consumer.ts.",
  usage: `rejoinder consumer

Consumes requests, handles them, and delivers the replies to the Worker at WORKER_URL, signed with REPLY_SECRET. It reads through the Kafka
REST gateway at UPSTASH_KAFKA_REST_URL, or with SOURCE=kafka from KAFKA_BROKERS. Every variable: .env.example in the repository.`,
  async run(args) {
    readArguments(args, {});
    const [{ runConsumer }, { expectProjectRoot, loadConsumer }] = await Promise.all([
      import("../../consumer/run-consumer.ts"),
      import("../project.ts"),
    ]);
    await runConsumer(await loadConsumer(expectProjectRoot()), process.env);
    return undefined;
  },
};
