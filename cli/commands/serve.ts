import { type Command, readArguments } from "../command.ts";

export const serve: Command = {
  name: "serve",
  summary: "Runs the Worker on Node, in place of Cloudflare.",
  usage: `rejoinder serve

Serves the Worker of this project over HTTP at PORT of HOST, and keeps the statuses in the folder MAILBOX_DATA_DIR. All that the Worker reads
comes from the environment; AUTH, CORRELATION_SECRET and REPLY_SECRET are required. Requests go to the first of these that is set:

  KAFKA_BROKERS     To the brokers of a cluster, where missing topics of the contract are made.
  KAFKA_REST_KIND   To a Kafka REST proxy, as on Cloudflare; UPSTASH_KAFKA_REST_URL also says so.
  neither           To a log in this process, as with GATEWAY_ENGINE=embedded. A gateway serves it to consumers: GATEWAY_CREDENTIALS is required.

Every variable: .env.example and .dev.vars.example in the repository. Exit codes: 0 told to stop, and has drained; 1 could not start.`,
  async run(args) {
    readArguments(args, {});
    const { runServe } = await import("../serve/run-serve.ts");
    await runServe();
    return 0;
  },
};
