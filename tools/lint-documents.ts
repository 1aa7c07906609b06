import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadContract } from "../cli/project.ts";
import { createAsyncApi } from "../worker/description/asyncapi.ts";
import type { DescribedApi, ServedRoute } from "../worker/description/described-api.ts";
import { createOpenApi, describeRoutes } from "../worker/description/openapi.ts";
import { runProgram } from "./program.ts";
import { ROOT } from "./root.ts";

/** Every route that is described, as if all of them were served. */
export const everyRoute = (): readonly ServedRoute[] =>
  ["POST /requests/:operation", ...Object.keys(describeRoutes())].map((name) => {
    const [method = "", path = ""] = name.split(" ");
    return { method, path };
  });

/** The API of a contract with all that there can be. */
export const wholeApi = (contract: DescribedApi["contract"]): DescribedApi => ({
  contract,
  routes: everyRoute(),
  callers: { ways: ["public", "keys", "jwt"], issuer: "https://issuer.example", hasAuthenticate: true },
  hasLimits: true,
});

const QUIET = { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };

/** Lints the documents of an API in a folder of its own. Rejects with what Redocly finds, warnings too. */
export const lintDocuments = async (api: DescribedApi, folder: string): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  try {
    const documents = { "openapi.json": createOpenApi(api), "asyncapi.json": createAsyncApi(api) };
    const files = Object.entries(documents).map(([name, document]) => {
      const file = join(folder, name);
      writeFileSync(file, JSON.stringify(document, null, 2));
      return file;
    });
    const config = join(ROOT, "tools/redocly.yaml");
    await runProgram("redocly", ["lint", "--config", config, "--max-problems", "50", "--format", "stylish", ...files], {
      variables: QUIET,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The same for the contract of `app/`; resolves to a word. */
export const lintApplication = async (): Promise<string> => {
  const contract = await loadContract();
  if (contract === undefined) return "SKIPPED: there is no contract";
  await lintDocuments(wholeApi(contract), join(ROOT, "build/documents"));
  return `${Object.keys(contract).length} operations`;
};
