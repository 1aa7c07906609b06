import { type Actions, type Command, readAction } from "../command.ts";

const COMMON = { json: "boolean", url: "string" } as const;

/** What each action takes. */
const ACTIONS = {
  create: {
    options: { ...COMMON, scopes: "string", name: "string", subject: "string", plan: "string", webhook: "string", expires: "string" },
    positionals: [],
  },
  list: { options: { ...COMMON, all: "boolean" }, positionals: [] },
  show: { options: COMMON, positionals: ["KEY"] },
  rotate: { options: { ...COMMON, overlap: "string", expires: "string" }, positionals: ["KEY"] },
  revoke: { options: COMMON, positionals: ["KEY"] },
} as const satisfies Actions;

export const keys: Command = {
  name: "keys",
  summary: "Makes, lists, rotates and revokes the API keys of a Worker.",
  usage: `rejoinder keys create [--scopes LIST] [--name NAME] [--subject SUBJECT] [--plan PLAN] [--webhook URL] [--expires T] [--json]
                      [--url URL]
rejoinder keys list   [--all] [--json] [--url URL]
rejoinder keys show   KEY [--json] [--url URL]
rejoinder keys rotate KEY [--overlap T] [--expires T] [--json] [--url URL]
rejoinder keys revoke KEY [--json] [--url URL]

  create    Makes a key and prints it on stdout: this once, since nobody can read it again.
  list      Shows the keys that callers can use.
  show      Shows one of any state.
  rotate    Makes another key for the same subject, with the same scopes, and prints it. The old one goes on for an overlap.
  revoke    Ends a key: at once on Node, within a minute on Cloudflare.

  KEY                 The ID of a key, as list shows it. Or the whole key, if somebody has found it where it should not be.
  --scopes LIST       What the key may do, comma-separated: requests:sum for one operation, requests:* for all, status:read, operator.
                      Default: requests:*,status:read
  --name NAME         For people, such as "billing, staging".
  --subject SUBJECT   Whom it stands for. Keys of one subject share their requests. Default: the ID of the key.
  --plan PLAN         For the handlers, which see it in context.caller.
  --webhook URL       Told of the end of its requests, unless these name another URL by Reply-To: docs/webhooks.md.
  --expires T         When it ends: 2027-01-31T00:00:00Z, or in how long: 12h, 90d. Default: never; for rotate as long as the old one lived.
  --overlap T         How long the old key goes on: 0s, 30m, 7d. Default: 24h
  --all               Also those that were revoked or have expired.
  --json              One line of JSON for each.
  --url URL           Where the Worker is. Default: WORKER_URL, or the start that runs in this project.

The Worker checks keys only with AUTH=keys. It needs REPLY_SECRET, the Worker's own; of the start that runs in this project it is known.

Exit codes: 0 done; 2 the call is wrong, or there is no such key; 4 the Worker cannot be used.`,
  async run(args) {
    const { action, options, positionals } = readAction(ACTIONS, args);
    const { actOnKeys } = await import("../keys/act.ts");
    return await actOnKeys(action, options, positionals[0] ?? "");
  },
};
