import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildCreatePackage, TEMPLATE_FILES } from "../../tools/create-package.ts";
import { ROOT } from "../../tools/root.ts";

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-create-"));
  await buildCreatePackage(join(directory, "package"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the built program, as npm does, where nobody can be asked. */
const create = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const program = join(directory, "package/index.js");
    const options = { cwd: directory, env: { PATH: process.env["PATH"], ...environment } };
    const child = execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
    child.stdin?.end();
  });

const read = (...path: readonly string[]): string => readFileSync(join(...path), "utf8");

test("a project is this repository's own application, byte for byte, and says what to do next", async () => {
  const { code, stdout } = await create(["Größe 1"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\n {2}cd Größe 1\n {2}npm install\n {2}npm run dev\n/);
  const made = join(directory, "Größe 1");
  const files = readdirSync(made, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? join(entry.parentPath, entry.name).slice(made.length + 1) : [],
  );
  expect(files.toSorted()).toEqual([".gitignore", ...TEMPLATE_FILES, "package.json", "tsconfig.json"].toSorted());
  for (const file of TEMPLATE_FILES) expect(read(made, file)).toBe(read(ROOT, file));
  const own = read(ROOT, "create/template/package.json");
  expect(read(made, "package.json")).toBe(own.replace('"my-app"', '"gr-e-1"'));
});

test("with --yes nobody need name a folder, and whoever runs it is named", async () => {
  const { stdout } = await create(["--yes"], { npm_config_user_agent: "pnpm/10.0.0 npm/? node/v24.0.0 linux x64" });
  expect(stdout).toMatch(/\n {2}cd my-app\n {2}pnpm install\n {2}pnpm run dev\n/);
});

test("a folder with something in it is left as it is", async () => {
  mkdirSync(join(directory, "full"));
  writeFileSync(join(directory, "full/thesis.txt"), "years");
  writeFileSync(join(directory, "file"), "");
  const { code, stderr } = await create(["full"]);
  const full = join(directory, "full");
  expect([code, stderr]).toEqual([1, `Expected ${full} to be empty, got thesis.txt in it. Name another folder, or empty this one.\n`]);
  expect(readdirSync(full)).toEqual(["thesis.txt"]);
  expect((await create(["file"])).stderr).toBe(`Expected a folder, got the file ${join(directory, "file")}. Name another one.\n`);
});

test("a new repository is an empty folder", async () => {
  mkdirSync(join(directory, "repository/.git"), { recursive: true });
  expect((await create(["repository"])).code).toBe(0);
  expect(existsSync(join(directory, "repository/app/contract.ts"))).toBe(true);
});

test.each([
  [[], "Expected a folder for the project, such as my-app, since nobody can be asked here."],
  [["one", "two"], "Expected one folder, got one two."],
  [["--typescript"], "Unknown option '--typescript'"],
])("a call that cannot be understood is told how it is used: %j", async (args, problem) => {
  const { code, stderr } = await create(args);
  expect(code).toBe(2);
  expect(stderr).toContain(`${problem}\n\nnpm create rejoinder [FOLDER]`);
});
