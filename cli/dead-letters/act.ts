import { type DeadLetterLog, LogError } from "../../worker/dead-letters/log.ts";
import { restLog } from "../../worker/dead-letters/rest-log.ts";
import { selectLetters } from "../../worker/dead-letters/selection.ts";
import { UsageError } from "../command.ts";
import { readDeploymentEnvironment } from "../deployment-environment.ts";
import { loadContract } from "../project.ts";
import { dropLetters, listLetters, type Output, redriveLetters, type Settled, showLetters } from "./actions.ts";
import { type DeadLettersConfig, namedTopicOf, readDeadLettersConfig } from "./config.ts";
import { mayActOn } from "./confirmation.ts";
import { type LetterOptions, readLetterFilter } from "./letter-arguments.ts";
import { readReplyKey } from "../reply-key.ts";
import { WorkerError } from "../signed-call.ts";
import { createRedrive } from "./redrive-request.ts";

/** What can be done with dead letters. */
export type Action = "list" | "show" | "redrive" | "drop";

/** The options of all actions, as they are typed. */
export type ActionOptions = LetterOptions & {
  readonly topic?: string;
  readonly url?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
};

const EXIT = { done: 0, notAll: 1, usage: 2, unreachable: 4 } as const;

/**
 * Does what a call says with the dead letters of the project in this folder.
 * @param letter a place or a correlation ID
 * @returns the exit code
 * @throws UsageError, ConfigurationError, ProjectError
 */
export const actOnDeadLetters = async (action: Action, options: ActionOptions, letter: string | undefined): Promise<number> => {
  const filter = readLetterFilter(letter, options, Date.now());
  const contract = await loadContract();
  const { url, environment } = readDeploymentEnvironment(options.url, process.env, contract);
  const config = readDeadLettersConfig(environment, contract);
  const topics = filter.at === undefined ? topicsOf(options, config) : filter.at.map(({ topic }) => topic);
  // Read before anything else, which may take long.
  const redrive = action === "redrive" ? createRedrive({ url, key: readReplyKey(environment) }) : undefined;

  const json = options.json === true;
  const isReading = action === "list" || action === "show";
  const output = outputOf(isReading);
  const log = await openLog(config);
  try {
    const settled = action === "show" || options.all === true;
    const selection = await selectLetters(log, topics, { ...filter, settled });
    const { count } = selection;
    if (count === 0 && letter !== undefined) {
      output.say(`There is no dead letter ${letter}${settled ? "" : " to be settled"}. See: rejoinder dead-letters list --all`);
      return EXIT.usage;
    }
    if (isReading) {
      await (action === "list" ? listLetters : showLetters)(selection, output, { json });
      if (action === "list" && !json) output.say(`${lettersOf(count)}${settled ? "" : " to be settled"} in ${topics.join(", ")}`);
      return EXIT.done;
    }
    if (options.yes !== true && !(await mayActOn(action, count))) {
      output.say("Nothing was done.");
      return EXIT.notAll;
    }
    const settling = { selection, log, output, json };
    const result = await (redrive === undefined ? dropLetters(settling) : redriveLetters(redrive, settling));
    if (!json) output.say(summaryOf(result, redrive === undefined ? "dropped" : "redriven"));
    return result.failed === 0 ? EXIT.done : EXIT.notAll;
  } catch (error) {
    if (!(error instanceof LogError || error instanceof WorkerError)) throw error;
    output.say(error.message);
    return EXIT.unreachable;
  } finally {
    await log.close();
  }
};

/** Whoever reads a list may have seen enough of it; what acts goes on to its end. */
const outputOf = (isReading: boolean): Output => {
  process.stdout.on("error", () => isReading && process.exit(EXIT.done));
  return { print: (line) => console.log(line), say: (line) => console.error(line) };
};

const topicsOf = ({ topic }: ActionOptions, { topics }: DeadLettersConfig): readonly string[] => {
  if (topic !== undefined) return [namedTopicOf(topic)];
  if (topics.length === 0) throw new UsageError("Expected --topic, since there is no project here whose topics could be meant.");
  return topics;
};

const summaryOf = ({ done, failed }: Settled, what: string): string => `${lettersOf(done)} ${what}${failed === 0 ? "" : `, ${failed} not`}`;

const lettersOf = (count: number): string => `${count} dead ${count === 1 ? "letter" : "letters"}`;

const openLog = async ({ log }: DeadLettersConfig): Promise<DeadLetterLog> => {
  if (log.kind === "rest") return restLog(log);
  // Imported only here: loading the client takes longer than all else.
  const { kafkaLog } = await import("./kafka-log.ts");
  return kafkaLog(log.connection);
};
