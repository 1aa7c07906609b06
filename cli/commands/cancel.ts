import { ClientError } from "../../client/client-error.ts";
import { createClient } from "../../client/client.ts";
import { callerHeaders } from "../caller.ts";
import { type Command, readArguments } from "../command.ts";
import { EXIT_USAGE, type Outcome, outcomeOfError, outcomeOfStatus, printOutcome } from "../outcome.ts";
import { workerUrlOf } from "../worker-url.ts";

export const cancel: Command = {
  name: "cancel",
  summary: "Asks for a request to be cancelled, and shows its state.",
  usage: `rejoinder cancel ID [--wait] [--json] [--url URL]

The state is cancelling until nothing works on the request any more, and then cancelled. A request may still end otherwise before that, and one that
has ended stays as it is.

  ID          The correlation ID that send or an HTTP answer gave.
  --wait      Waits until the request has ended.
  --json      One line of JSON on stdout: correlationId, state, and reply or error; before the end attempt, lastError, nextAttemptAt and progress.
  --url URL   Where the Worker is. Default: WORKER_URL, or the start that runs in this project.

A Worker that asks who calls is given REJOINDER_TOKEN: an API key of rejoinder keys create, or a token.

${EXIT_USAGE}`,
  async run(args) {
    const { options, positionals } = readArguments(args, { wait: "boolean", json: "boolean", url: "string" }, ["ID"]);
    const url = workerUrlOf(options.url, process.env);
    return printOutcome(await cancelRequest(url, positionals[0] ?? "", options.wait === true), options.json === true);
  },
};

const cancelRequest = async (url: string, correlationId: string, waits: boolean): Promise<Outcome> => {
  const submission = createClient({ url }).resume(encodeURIComponent(correlationId), { headers: callerHeaders(process.env) });
  const ended = submission.reply.then(
    () => {},
    () => {},
  );
  try {
    const asked = await submission.cancel().catch((error: unknown) => {
      if (!(error instanceof ClientError && error.code === "ALREADY_ENDED")) throw error;
    });
    if (asked !== undefined && !waits) return outcomeOfStatus(asked);
    if (asked !== undefined) await ended;
    return outcomeOfStatus(await submission.status());
  } catch (error) {
    return outcomeOfError(error, url, "call");
  }
};
