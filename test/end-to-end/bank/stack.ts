import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@rejoinder/sdk/client";
import { contract } from "../../../examples/bank/app/contract.ts";
import { ROOT } from "../../../tools/root.ts";
import type { Host } from "../../../cli/start/part-environments.ts";
import { type Stack, startStack } from "../../helpers/stack.ts";
import type { BankClient } from "./books.ts";

/** The bank and the screening service, each process of its own. */
export type Bank = {
  readonly stack: Stack;
  readonly client: BankClient;
  /** kill -9 of the screening service; resolves once another one reads. */
  crashScreening(): Promise<void>;
  remove(): Promise<void>;
};

/** @param environment of the bank's processes */
export const startBank = async (host: Host, environment: Record<string, string> = {}): Promise<Bank> => {
  const stack = await startStack(environment, { project: join(ROOT, "examples/bank"), host });
  const client = createClient({ url: stack.url, contract });
  let screening = await startScreening(stack);
  return {
    stack,
    client,
    async crashScreening() {
      const exited = once(screening, "exit");
      screening.kill("SIGKILL");
      await exited;
      screening = await startScreening(stack);
    },
    async remove() {
      client.close();
      screening.kill("SIGKILL");
      await stack.remove();
    },
  };
};

const startScreening = async ({ url, gatewayUrl, secrets }: Stack): Promise<ChildProcess> => {
  const screening = spawn(process.execPath, [join(ROOT, "examples/bank/screening.ts")], {
    env: {
      PATH: process.env["PATH"],
      WORKER_URL: url,
      UPSTASH_KAFKA_REST_URL: gatewayUrl,
      UPSTASH_KAFKA_REST_PASSWORD: secrets.gatewayPassword,
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(createInterface(screening.stdout), "line");
  // What it says later is not of interest, and must not fill the pipe.
  screening.stdout.resume();
  return screening;
};
