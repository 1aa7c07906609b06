import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ROOT } from "../../../tools/root.ts";
import { createProject } from "../../cli/fixtures/project.ts";

const from = (path: string): string => JSON.stringify(join(ROOT, path));

/** A project whose contract has the tests' accounts, in a folder of its own. @param behaviour an expression of `account`, the tests' decider */
export const createBankProject = (behaviour = "account"): string => {
  const project = createProject();
  onTestFinished(project.remove);
  project.write(
    "app/contract.ts",
    `import { defineContract } from "@rejoinder/sdk/contract";
import { accounts } from ${from("test/contract/bank.ts")};
export const contract = defineContract({ account: accounts });`,
  );
  project.write(
    "app/consumer.ts",
    [
      'import { decider, defineConsumer } from "@rejoinder/sdk/consumer";',
      `import { account } from ${from("test/consumer/deciders/account.ts")};`,
      'import { contract } from "./contract.ts";',
      `export default defineConsumer({ contract, handlers: {}, deciders: { account: ${behaviour} } });`,
    ].join("\n"),
  );
  return project.root;
};
