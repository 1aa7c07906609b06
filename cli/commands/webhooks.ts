import { type Command, readArguments, UsageError } from "../command.ts";

/** What each action takes. */
const ACTIONS = {
  "new-key": { options: { json: "boolean" }, positionals: [] },
} as const;

export const webhooks: Command = {
  name: "webhooks",
  summary: "Makes the keys that completion webhooks are signed by.",
  usage: `rejoinder webhooks new-key [--json]

  new-key   Makes a key pair for WEBHOOK_SIGNING_KEY and a secret for WEBHOOK_SECRET, and prints them on stdout: this once. Set one of them,
            or both. Receivers check by the public key, which the Worker also tells at /.well-known/webhook-keys.

  --json    One line of JSON.

Exit codes: 0 done; 2 the call is wrong.`,
  async run([action = "", ...args]) {
    if (!Object.hasOwn(ACTIONS, action))
      throw new UsageError(`Expected ${Object.keys(ACTIONS).join(", ")}, got ${JSON.stringify(action)}.`);
    const { options } = readArguments(args, ACTIONS["new-key"].options, ACTIONS["new-key"].positionals);
    const { createNewKey, newKeyText } = await import("../webhooks/new-key.ts");
    const key = await createNewKey();
    console.log(options.json ? JSON.stringify(key) : newKeyText(key));
    return 0;
  },
};
