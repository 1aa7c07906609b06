import { type Actions, type Command, readAction } from "../command.ts";

const COMMON = { json: "boolean", url: "string" } as const;

/** What each action takes. */
const ACTIONS = {
  "new-key": { options: { json: "boolean" }, positionals: [] },
  show: { options: COMMON, positionals: ["ID"] },
  replay: { options: COMMON, positionals: ["ID"] },
} as const satisfies Actions;

export const webhooks: Command = {
  name: "webhooks",
  summary: "Shows and replays completion webhooks, and makes the keys that they are signed by.",
  usage: `rejoinder webhooks show    ID [--json] [--url URL]
rejoinder webhooks replay  ID [--json] [--url URL]
rejoinder webhooks new-key [--json]

  show      Shows what has become of the webhook of a request, also when its status is gone.
  replay    Sends it again, by the whole schedule and with the same webhook-id: of a request that has ended.
  new-key   Makes a key pair for WEBHOOK_SIGNING_KEY and a secret for WEBHOOK_SECRET, and prints them on stdout: this once. Set one of them,
            or both. Receivers check by the public key, which the Worker also tells at /.well-known/webhook-keys.

  ID          The correlation ID that send or an HTTP answer gave.
  --json      One line of JSON.
  --url URL   Where the Worker is. Default: WORKER_URL, or the start that runs in this project.

A Worker that asks who calls is given REJOINDER_TOKEN: an API key of rejoinder keys create, or a token.

Exit codes: 0 done; 2 the call is wrong, or there is no such webhook; 4 the Worker cannot be used.`,
  async run(args) {
    const { action, options, positionals } = readAction(ACTIONS, args);
    if (action !== "new-key") return (await import("../webhooks/act.ts")).actOnWebhook(action, positionals[0] ?? "", options);
    const { createNewKey, newKeyText } = await import("../webhooks/new-key.ts");
    const key = await createNewKey();
    console.log(options.json ? JSON.stringify(key) : newKeyText(key));
    return 0;
  },
};
