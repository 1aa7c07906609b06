import { type Actions, type Command, readAction } from "../command.ts";

const CHOICE = { operation: "string", code: "string", topic: "string", since: "string", until: "string", json: "boolean" } as const;

/** What each action takes. */
const ACTIONS = {
  list: { options: { ...CHOICE, all: "boolean" }, positionals: [] },
  show: { options: { topic: "string", json: "boolean" }, positionals: ["LETTER"] },
  redrive: { options: { ...CHOICE, yes: "boolean", url: "string" }, positionals: ["[LETTER]"] },
  drop: { options: { ...CHOICE, yes: "boolean" }, positionals: ["[LETTER]"] },
} as const satisfies Actions;

export const deadLetters: Command = {
  name: "dead-letters",
  summary: "Lists the requests that nobody could handle, and sends them again or drops them.",
  usage: `rejoinder dead-letters list    [--operation NAME] [--code CODE] [--since T] [--until T] [--topic TOPIC] [--all] [--json]
rejoinder dead-letters show    LETTER [--topic TOPIC] [--json]
rejoinder dead-letters redrive [LETTER] [the same choice as list] [--yes] [--json] [--url URL]
rejoinder dead-letters drop    [LETTER] [the same choice as list] [--yes] [--json]

  list      Shows the dead letters that nobody has redriven or dropped.
  show      Shows one with its headers, its problem and its payload.
  redrive   Has the Worker send requests again: under the same correlation ID before the deadline, as new requests after it.
  drop      Marks them as settled, and sends nothing.

  LETTER             Where it is, as list shows it: topic-dlt/partition/offset. Or a correlation ID.
  --operation NAME   Only requests of this operation.
  --code CODE        Only those with this problem, such as HANDLER_FAILED or INVALID_RECORD.
  --since T          Only those that died since then: 2026-01-31T08:00:00Z, or how long ago: 45s, 30m, 2h, 7d.
  --until T          Only those that died before then.
  --topic TOPIC      Only of this topic. Default: all topics of the project's contract, and those of SPRING_REQUEST_TOPICS.
  --all              Also those that were redriven or dropped.
  --yes              Acts on more than one without asking.
  --json             One line of JSON for each.
  --url URL          Where the Worker is. Default: WORKER_URL, or the start that runs in this project.

It reads where the consumer reads: by the variables of the start that runs in this project, or else by SOURCE and its variables in this shell.
redrive also needs REPLY_SECRET. Two people who redrive the same letter at the same time send it twice.

Exit codes: 0 done; 1 some could not be redriven, or you said no; 2 the call is wrong, or there is no such letter; 4 Kafka or the Worker cannot be
used.`,
  async run(args) {
    const { action, options, positionals } = readAction(ACTIONS, args);
    const { actOnDeadLetters } = await import("../dead-letters/act.ts");
    return await actOnDeadLetters(action, options, positionals[0]);
  },
};
