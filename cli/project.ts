import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ConsumerDefinition } from "../consumer/define-consumer.ts";

/** The application in the current folder. */
export type Project = { readonly workerEntry: string; readonly consumer: ConsumerDefinition };

export const loadProject = async (root = process.cwd()): Promise<Project> => {
  const { default: consumer } = (await import(pathToFileURL(join(root, "app/consumer.ts")).href)) as { default: ConsumerDefinition };
  return { workerEntry: join(root, "app/worker.ts"), consumer };
};
