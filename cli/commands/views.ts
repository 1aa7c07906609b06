import { type Actions, type Command, readAction } from "../command.ts";

const COMMON = { json: "boolean", url: "string" } as const;

/** What each action takes. */
const ACTIONS = {
  list: { options: COMMON, positionals: [] },
  switch: { options: COMMON, positionals: ["VIEW", "VERSION"] },
  rebuild: { options: COMMON, positionals: ["VIEW", "VERSION"] },
  drop: { options: COMMON, positionals: ["VIEW", "VERSION"] },
} as const satisfies Actions;

export const views: Command = {
  name: "views",
  summary: "Lists the views of a Worker and their versions; switches, rebuilds and drops versions.",
  usage: `rejoinder views list    [--json] [--url URL]
rejoinder views switch  VIEW VERSION [--json] [--url URL]
rejoinder views rebuild VIEW VERSION [--json] [--url URL]
rejoinder views drop    VIEW VERSION [--json] [--url URL]

  list      Shows each view with the versions that the Worker has: which one callers read, and how far each is.
  switch    Has callers read that version from now on, such as the one before. It must be ready.
  rebuild   Forgets the rows of a version, so that consumers send them again, within a minute at most. If callers read that version, the view
            cannot be read until then.
  drop      Deletes a version that callers do not read.

  VIEW        Its name in the contract.
  VERSION     A version of it, as list shows it.
  --json      One line of JSON for each: views of list, else the versions that there are now.
  --url URL   Where the Worker is. Default: WORKER_URL, or the start that runs in this project.

A Worker that asks who calls is given REJOINDER_TOKEN: an API key of rejoinder keys create --scopes operator, or a token with that scope.

Exit codes: 0 done; 2 the call is wrong, or the version cannot be used so; 4 the Worker cannot be used.`,
  async run(args) {
    const { action, options, positionals } = readAction(ACTIONS, args);
    return await (await import("../views/act.ts")).actOnViews(action, options, positionals);
  },
};
