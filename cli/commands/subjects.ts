import { type Actions, type Command, readAction } from "../command.ts";

const COMMON = { dir: "string", json: "boolean" } as const;

/** What each action takes. */
const ACTIONS = {
  list: { options: { ...COMMON, all: "boolean" }, positionals: [] },
  show: { options: COMMON, positionals: ["SUBJECT"] },
  forget: { options: COMMON, positionals: ["SUBJECT"] },
} as const satisfies Actions;

export const subjects: Command = {
  name: "subjects",
  summary: "Shows whom events have personal data of, and forgets them.",
  usage: `rejoinder subjects list   [--all] [--dir FOLDER] [--json]
rejoinder subjects show   SUBJECT [--dir FOLDER] [--json]
rejoinder subjects forget SUBJECT [--dir FOLDER] [--json]

  list      Shows the subjects that have a key.
  show      Shows one.
  forget    Deletes its key, at once and for ever: personal data of the subject reads as null from then on, and consumers that run make their
            states and views again without it. Also for a subject without a key, such as one whose key was lost.

  SUBJECT       Whom the data is about: the ID of an aggregate, or what the event says.
  --all         Also those that were forgotten, and have no data since.
  --dir FOLDER  Where the keys are. Default: CONSUMER_SUBJECTS_DIR, or subjects in CONSUMER_DATA_DIR, or that of the start that runs in this
                project.
  --json        One line of JSON for each.

It works on the file of keys itself, on the machine that has it, while consumers run or not. docs/personal-data.md tells what else has personal data.

Exit codes: 0 done; 2 the call is wrong, or there is no such subject; 4 the keys cannot be used.`,
  async run(args) {
    const { action, options, positionals } = readAction(ACTIONS, args);
    const { actOnSubjects } = await import("../subjects/act.ts");
    return await actOnSubjects(action, options, positionals[0] ?? "");
  },
};
