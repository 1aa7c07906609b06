import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../client/client.ts";
import type { State } from "../../protocol/states.ts";
import { callerHeaders } from "../caller.ts";
import { type Command, readArguments, readSeconds, UsageError } from "../command.ts";
import { EXIT_USAGE, type Outcome, outcomeOfError, pending, printOutcome, succeeded } from "../outcome.ts";
import { workerUrlOf } from "../worker-url.ts";

export const send: Command = {
  name: "send",
  summary: "Sends a request, waits for the reply, and prints it.",
  usage: `rejoinder send OPERATION JSON [--wait N] [--json] [--url URL]

  --wait N    How many seconds to wait for the reply once the request is sent. Default: until it has ended.
  --json      One line of JSON on stdout: correlationId, state, and reply or error.
  --url URL   Where the Worker is. Default: WORKER_URL, or the start that runs in this project.

A Worker that asks who calls is given REJOINDER_TOKEN: an API key of rejoinder keys create, or a token.

rejoinder send sum '{"a":2,"b":3}'

${EXIT_USAGE}`,
  async run(args) {
    const { options, positionals } = readArguments(args, { wait: "string", json: "boolean", url: "string" }, ["OPERATION", "JSON"]);
    const [operation = "", text = ""] = positionals;
    const seconds = readSeconds("wait", options.wait);
    const url = workerUrlOf(options.url, process.env);
    const client = createClient({ url });
    const submission = client.submit(operation, readJson(text), { headers: callerHeaders(process.env) });
    let state: State = "accepted";
    submission.onChange((status) => (state = status.state));
    const ended = submission.reply.then(
      (reply) => succeeded(reply, submission.correlationId),
      (error: unknown) => outcomeOfError(error, url),
    );
    // Counted from when Kafka has the request: no wait is too short to send it.
    const waited = async (milliseconds: number): Promise<Outcome> => {
      await submission.accepted;
      await delay(milliseconds);
      return pending(submission.correlationId, state);
    };
    const outcome = await (seconds === undefined ? ended : Promise.race([ended, waited(seconds * 1_000).catch(() => ended)]));
    return printOutcome(outcome, options.json === true);
  },
};

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `The request is not JSON: ${(error as Error).message}. Put it in single quotes, such as '{"a":2,"b":3}'; a text is JSON in double quotes: '"hello"'.`,
      { cause: error },
    );
  }
};
