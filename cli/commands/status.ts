import { createClient } from "../../client/client.ts";
import { isTerminal } from "../../protocol/states.ts";
import { callerHeaders } from "../caller.ts";
import { type Command, readArguments, readSeconds } from "../command.ts";
import { EXIT_USAGE, type Outcome, outcomeOfError, outcomeOfStatus, printOutcome } from "../outcome.ts";
import { workerUrlOf } from "../worker-url.ts";

export const status: Command = {
  name: "status",
  summary: "Shows the state of a request, and its reply.",
  usage: `rejoinder status ID [--wait N] [--json] [--url URL]

  ID          The correlation ID that send or an HTTP answer gave.
  --wait N    How many seconds to wait for the request to end. Default: 0.
  --json      One line of JSON on stdout: correlationId, state, and reply or error; before the end attempt, lastError, nextAttemptAt and progress.
  --url URL   Where the Worker is. Default: WORKER_URL, or the start that runs in this project.

A Worker that asks who calls is given REJOINDER_TOKEN: an API key of rejoinder keys create, or a token.

${EXIT_USAGE}`,
  async run(args) {
    const { options, positionals } = readArguments(args, { wait: "string", json: "boolean", url: "string" }, ["ID"]);
    const url = workerUrlOf(options.url, process.env);
    const seconds = readSeconds("wait", options.wait) ?? 0;
    return printOutcome(await askFor(url, positionals[0] ?? "", seconds), options.json === true);
  },
};

/** The status now; if the request has not ended, after at most so many seconds again. */
const askFor = async (url: string, correlationId: string, seconds: number): Promise<Outcome> => {
  const submission = createClient({ url }).resume(encodeURIComponent(correlationId), {
    headers: callerHeaders(process.env),
    ...(seconds !== 0 && { timeoutMs: seconds * 1_000 }),
  });
  const ended = submission.reply.then(
    () => {},
    () => {},
  );
  try {
    const now = await submission.status();
    if (isTerminal(now.state) || seconds === 0) return outcomeOfStatus(now);
    await ended;
    return outcomeOfStatus(await submission.status());
  } catch (error) {
    return outcomeOfError(error, url, "call");
  }
};
