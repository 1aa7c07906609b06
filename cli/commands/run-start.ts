import { readArguments } from "../command.ts";

/** What `start` and `dev` have in common. */
export const START_USAGE = `
  --node     The Worker runs on Node, as rejoinder serve runs it, in place of Cloudflare's runtime.
  --kafka    On a cluster, at KAFKA_BROKERS or localhost:9092, in place of a log in this folder.
  --direct   The same, and the Worker produces to the cluster itself, without the gateway.

No variable is required. These change what it does:
  PORT, GATEWAY_PORT   Where Worker and gateway listen. Default: 8787 and the port above; if one is taken, the next that is free.
  REJOINDER_DIR        Where data and secrets are kept. Default: .rejoinder
Every other variable is handed on to the parts.`;

/** Where Kafka listens unless somebody says otherwise. */
const DEFAULT_BROKERS = "localhost:9092";

export type StartOptions = {
  /** The call that plays the Worker in Cloudflare's runtime. */
  readonly worker: "worker" | "worker-dev";
  /** Whether what runs on Node starts again on a change of its code. */
  readonly watch?: boolean;
};

/** Runs the project in this folder until it is told to stop. @throws UsageError */
export const runStart = async (args: readonly string[], { worker, watch = false }: StartOptions): Promise<number> => {
  const { options } = readArguments(args, { node: "boolean", kafka: "boolean", direct: "boolean" });
  const [{ launch }, { programOf }, { expectProjectRoot, loadConsumer }] = await Promise.all([
    import("../start/launch.ts"),
    import("../start/forked-part.ts"),
    import("../project.ts"),
  ]);
  const root = expectProjectRoot();
  process.chdir(root);
  const nodeOptions = watch ? ["--watch", "--watch-preserve-output"] : [];
  await launch({
    programs: {
      gateway: programOf("gateway"),
      worker: options.node ? programOf("serve", nodeOptions) : programOf(worker),
      consumer: programOf("consumer", nodeOptions),
    },
    host: options.node ? "node" : "workerd",
    direct: options.direct,
    contract: (await loadConsumer(root)).contract,
    environment:
      options.kafka || options.direct ? { ...process.env, KAFKA_BROKERS: process.env["KAFKA_BROKERS"] || DEFAULT_BROKERS } : process.env,
  });
  return 0;
};
