import { relative } from "node:path";
import { type Command, readArguments } from "../command.ts";
import { ExpectedError } from "../expected-error.ts";

export const deploy: Command = {
  name: "deploy",
  summary: "Deploys the Worker to Cloudflare, with the secrets that it lacks.",
  usage: `rejoinder deploy [--env NAME] [--dry-run]

Checks the project as rejoinder doctor does, makes CORRELATION_SECRET and REPLY_SECRET if the deployed Worker lacks them, runs wrangler deploy,
and says what the consumer needs. It prints each call of wrangler before it runs, and never a secret. It never writes wrangler.toml.

  --env NAME   The [env.NAME] of wrangler.toml.
  --dry-run    Only checks and builds: without network, login or change.

Exit codes: 0 deployed; 1 not.`,
  async run(args) {
    const { options } = readArguments(args, { env: "string", "dry-run": "boolean" });
    const [{ loadConsumer, readProject }, { checkProject }, { linesOf }, deployment] = await Promise.all([
      import("../project.ts"),
      import("../doctor/project-check.ts"),
      import("../doctor/finding.ts"),
      import("../deploy/deployment.ts"),
    ]);
    const { root } = readProject();
    const target = { root, environment: options.env };
    const findings = await checkProject({ ...target, contract: (await loadConsumer(root)).contract });
    for (const finding of findings) console.log(linesOf(finding));
    if (findings.some(({ kind }) => kind === "wrong")) throw new ExpectedError("Nothing was deployed. Correct what is wrong above first.");
    if (options["dry-run"]) {
      await deployment.deployDry(target);
      console.log("Nothing was deployed (--dry-run).");
      return 0;
    }
    await deployment.expectLogin(target);
    const secrets = await deployment.provideSecrets(target);
    const url = await deployment.deployWorker(target);
    console.log(await consumerText(target, url, secrets));
    return 0;
  },
};

/** What to set where the consumer runs. */
const consumerText = async (
  { root, environment }: { readonly root: string; readonly environment: string | undefined },
  url: string | undefined,
  secrets: ReadonlySet<string>,
): Promise<string> => {
  const { readMadeSecrets, secretsFileOf } = await import("../deploy/deploy-secrets.ts");
  const file = secretsFileOf(root, environment);
  const replySecret =
    readMadeSecrets(file).REPLY_SECRET === undefined
      ? "the one that you gave the Worker; nobody can read it from there"
      : `in ${relative(process.cwd(), file)}, which only you can read. Keep that file, and give it to nobody but the consumer`;
  const unset = ["UPSTASH_KAFKA_REST_PASSWORD", "KAFKA_REST_PASSWORD", "KAFKA_REST_TOKEN"].every((name) => !secrets.has(name));
  const put = `npx wrangler secret put NAME${environment === undefined ? "" : ` --env ${environment}`}`;
  return `
The consumer needs these variables, and those of its connection to Kafka:
  WORKER_URL=${url ?? "…"}${url === undefined ? "   (the route of your Worker)" : ""}
  REPLY_SECRET: ${replySecret}.
Then run there: rejoinder consumer${unset ? `\nThe Worker has no password for a Kafka REST proxy yet. If yours asks for one: ${put}` : ""}
Check it: rejoinder doctor${url === undefined ? "" : ` --url ${url}`}`;
};
