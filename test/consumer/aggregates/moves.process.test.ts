import { createClient } from "@rejoinder/sdk/client";
import { defineContract } from "@rejoinder/sdk/contract";
import { expect, onTestFinished, test } from "vitest";
import { accounts } from "../../contract/bank.ts";
import { startProcess } from "../../helpers/processes.ts";
import { startStack } from "../../helpers/stack.ts";
import { createBankProject } from "./bank-project.ts";
import { temporaryFolder } from "./task-stage.ts";

const contract = defineContract({ account: accounts });

/** The second consumer comes and goes so often: each time partitions move to it, and back. */
const VISITS = 10;
const NAMES = Array.from({ length: 12 }, (_, index) => `owner-${index}`);
const CALLERS = 8;

/** The same decisions, by a state of another shape: what a deployment is while it replaces another one. */
const NEXT_DEPLOYMENT = "decider(account.aggregate, { ...account, initial: { ...account.initial, since: 2 } })";

test(
  "partitions that move twenty times between two machines with different deployments lose no command and double none",
  { timeout: 300_000 },
  async () => {
    const stack = await startStack({}, { host: "node", project: createBankProject() });
    onTestFinished(() => stack.remove());
    const client = createClient<typeof contract>({ url: stack.url });
    const environment = {
      UPSTASH_KAFKA_REST_URL: stack.gatewayUrl,
      UPSTASH_KAFKA_REST_USERNAME: "rejoinder",
      UPSTASH_KAFKA_REST_PASSWORD: stack.secrets.gatewayPassword,
      WORKER_URL: stack.url,
      REPLY_SECRET: stack.secrets.REPLY_SECRET,
      CONSUMER_INSTANCE: "visitor",
      CONSUMER_DATA_DIR: temporaryFolder(),
      EXIT_WITH_PARENT: "1",
    };
    const project = createBankProject(NEXT_DEPLOYMENT);
    const balances = new Map<string, number[]>(NAMES.map((name) => [name, []]));
    let sent = 0;
    const over = new AbortController();
    const call = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const account = NAMES[sent++ % NAMES.length] as string;
        balances.get(account)?.push((await client.request("account.credit", { account, cents: 1 })).balance);
      }
    };
    const visit = async (): Promise<void> => {
      for (let visits = 1; visits <= VISITS; visits += 1) {
        const visitor = await startProcess("consumer", environment, { project });
        onTestFinished(() => visitor.stop("SIGKILL"));
        const before = sent;
        while (sent < before + 2 * NAMES.length) await client.request("account.credit", { account: "bystander", cents: 1 });
        // A killed one comes back before anybody waits for too long.
        await visitor.stop(visits % 2 === 0 ? "SIGTERM" : "SIGKILL");
      }
      over.abort();
    };
    await Promise.all([visit(), ...Array.from({ length: CALLERS }, call)]);
    // Each balance was the answer to exactly one command.
    for (const name of NAMES) {
      const found = balances.get(name) ?? [];
      expect(found.toSorted((one, other) => one - other)).toEqual(found.map((_, index) => index + 1));
    }
    expect(sent).toBeGreaterThan(2 * NAMES.length * VISITS);
  },
);
