import { type Command, readArguments } from "../command.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Checks a project and its running parts, and says how to fix what is wrong.",
  usage: `rejoinder doctor [--url URL] [--env NAME] [--proxy]

Checks wrangler.toml, its variables and bindings; whether Worker, Kafka or its REST proxy, topics and consumers are there; clocks and versions of both
sides; and one call end to end, if an operation of the contract names a probe. Without --url it checks the Worker at WORKER_URL, or else the
start that runs in this project. The variables of consumer and proxy are those of that start, or else of this shell.

  --url URL    The Worker to check.
  --env NAME   The [env.NAME] of wrangler.toml to check.
  --proxy      Only whether requests can be produced, with the variables of this shell.

Exit codes: 0 nothing is wrong; 1 something is.`,
  async run(args) {
    const { options } = readArguments(args, { url: "string", env: "string", proxy: "boolean" });
    const { loadConsumer, readProject } = await import("../project.ts");
    const { root } = readProject();
    const { contract } = await loadConsumer(root);
    if (options.proxy) {
      const { checkProducing } = await import("../doctor/producing-check.ts");
      console.log(await checkProducing(process.env, contract));
      return 0;
    }
    const [{ checkProject }, { checkDeployment }, { linesOf }, { readDeploymentEnvironment }] = await Promise.all([
      import("../doctor/project-check.ts"),
      import("../doctor/deployment-check.ts"),
      import("../doctor/finding.ts"),
      import("../deployment-environment.ts"),
    ]);
    let isWrong = false;
    const print = (finding: Parameters<typeof linesOf>[0]): void => {
      isWrong ||= finding.kind === "wrong";
      console.log(linesOf(finding));
    };
    for (const finding of await checkProject({ root, contract, environment: options.env })) print(finding);
    const deployment = readDeploymentEnvironment(options.url, process.env, contract);
    for await (const finding of checkDeployment({ ...deployment, contract })) print(finding);
    return isWrong ? 1 : 0;
  },
};
