import { copyFile, cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./root.ts";

/** What of this repository the projects of users begin with, as it is. */
export const TEMPLATE_FILES = ["app/contract.ts", "app/worker.ts", "app/consumer.ts", "wrangler.toml", "test/app.test.ts"] as const;

/**
 * Builds create/ as the npm package create-rejoinder: its program, and the template with what of it stands elsewhere in this repository.
 * @throws Error if create/ does not compile
 */
export const buildCreatePackage = async (directory = join(ROOT, "build/create-rejoinder")): Promise<void> => {
  const template = join(directory, "template");
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await cp(join(ROOT, "create/template"), template, { recursive: true });
  for (const folder of ["app", "test"]) await mkdir(join(template, folder));
  await Promise.all([
    build({
      entryPoints: [join(ROOT, "create/main.ts")],
      outfile: join(directory, "index.js"),
      bundle: true,
      format: "esm",
      target: "node22.18",
      platform: "node",
      logLevel: "silent",
    }),
    ...TEMPLATE_FILES.map((file) => copyFile(join(ROOT, file), join(template, file))),
    ...["package.json", "README.md"].map((file) => copyFile(join(ROOT, "create", file), join(directory, file))),
    copyFile(join(ROOT, "LICENSE"), join(directory, "LICENSE")),
  ]);
};
