import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "@rejoinder/sdk/client";
import { defineContract } from "@rejoinder/sdk/contract";
import { expect, onTestFinished, test } from "vitest";
import { accounts } from "../../contract/bank.ts";
import { type Stack, startStack, until } from "../../helpers/stack.ts";
import { createBankProject } from "./bank-project.ts";

const contract = defineContract({ account: accounts });

const setUp = async () => {
  const stack = await startStack({}, { host: "node", project: createBankProject() });
  onTestFinished(() => stack.remove());
  const client = createClient<typeof contract>({ url: stack.url });
  return { stack, credit: (account: string, cents: number) => client.request("account.credit", { account, cents }) };
};

const NAMES = Array.from({ length: 20 }, (_, index) => `owner/${index} ü`);

/** 400 credits of one cent, 20 for each account, with `inTheMiddle` done when a quarter of them are answered. */
const creditAll = async (
  credit: (account: string, cents: number) => Promise<{ readonly balance: number }>,
  inTheMiddle: () => Promise<void>,
): Promise<void> => {
  let answered = 0;
  const replies = Array.from({ length: 400 }, async (_, index) => {
    const { balance } = await credit(NAMES[index % NAMES.length] ?? "", 1);
    answered += 1;
    return { name: NAMES[index % NAMES.length], balance };
  });
  await until(() => answered >= 100);
  await inTheMiddle();
  const all = await Promise.all(replies);
  // Each balance from 1 to 20 was the answer to exactly one command: none is lost, and none has two effects.
  for (const name of NAMES) {
    const balances = all.filter((one) => one.name === name).map(({ balance }) => balance);
    expect(balances.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  }
};

const expectBalances = async ({ credit }: Awaited<ReturnType<typeof setUp>>, balance: number): Promise<void> => {
  const found = await Promise.all(NAMES.map((name) => credit(name, 1)));
  expect(found.map((one) => one.balance)).toEqual(NAMES.map(() => balance + 1));
};

const filesOf = (stack: Stack): string => join(stack.dir, "consumer", "events");

/** On a busy machine a process takes ten seconds to come back. */
const TIMEOUT_MS = 180_000;

test(
  "kill -9 of the consumer in the middle of 400 commands loses none and doubles none, and lost state files are made again",
  { timeout: TIMEOUT_MS },
  async () => {
    const all = await setUp();
    const { stack, credit } = all;
    await creditAll(credit, async () => {
      await stack.crash("consumer");
    });
    await expectBalances(all, 20);
    await stack.crashAll();
    rmSync(filesOf(stack), { recursive: true });
    await stack.restart();
    await expectBalances(all, 21);
  },
);

/** How large the files that a process writes may become: the system then refuses to write, as on a full disk. */
const limitFiles = (pid: number | undefined, bytes: number | "unlimited") =>
  promisify(execFile)("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);

test.runIf(process.platform === "linux")(
  "commands wait while the consumer's disk is full, and have their effect once when there is room",
  { timeout: TIMEOUT_MS },
  async () => {
    const all = await setUp();
    const { stack, credit } = all;
    await creditAll(credit, async () => {
      await limitFiles(stack.pid("consumer"), 1024);
      await until(() => stack.output().includes("events cannot be read, appended or folded now"));
      await limitFiles(stack.pid("consumer"), "unlimited");
    });
    await expectBalances(all, 20);
  },
);
