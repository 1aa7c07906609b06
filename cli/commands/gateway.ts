import { type Command, readArguments } from "../command.ts";

export const gateway: Command = {
  name: "gateway",
  summary: "Runs the Kafka REST gateway alone, for a deployed Worker.",
  usage: `rejoinder gateway

Serves the Kafka REST API over a log in this folder, or with GATEWAY_ENGINE=kafka over a cluster. In a project it makes the topics that the
contract names; GATEWAY_TOPICS names others. GATEWAY_CREDENTIALS is required. Every variable: .env.example in the repository.`,
  async run(args) {
    readArguments(args, {});
    const [{ runGateway }, { findProjectRoot, loadConsumer }] = await Promise.all([
      import("../../gateway/run-gateway.ts"),
      import("../project.ts"),
    ]);
    const root = findProjectRoot();
    if (root === undefined || process.env["GATEWAY_TOPICS"]) await runGateway(process.env);
    else {
      const { topicsToProvide } = await import("../start/topics.ts");
      const { contract } = await loadConsumer(root);
      await runGateway({ ...process.env, GATEWAY_TOPICS: topicsToProvide(contract) });
    }
    return undefined;
  },
};
