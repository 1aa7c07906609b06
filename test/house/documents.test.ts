import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { filesOf, FOLDERS, readText, ROOT } from "./fixtures.ts";

const documents = () => filesOf("{*.md,docs/**/*.md}");

/** In code marks: a path below a folder of this project, perhaps with a line number or `*`. */
const PATH = new RegExp(`\`((?:${FOLDERS.join("|")}|docs|\\.ci)/[\\w./*{},-]+)\``, "g");
const LINK = /\]\((?!https?:|#|mailto:)([^)#\s]+)/g;

const isThere = (path: string): boolean => existsSync(join(ROOT, path)) || globSync(path, { cwd: ROOT }).length > 0;

test("the documents name no file that does not exist", () => {
  const missing = documents().flatMap((document) =>
    [...readText(document).matchAll(PATH)].filter(([, path = ""]) => !isThere(path)).map(([, path]) => `${document}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("the links between the documents lead somewhere", () => {
  const missing = documents().flatMap((document) =>
    [...readText(document).matchAll(LINK)]
      .filter(([, path = ""]) => !isThere(join(dirname(document), path)))
      .map(([, path]) => `${document}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("the documents name no npm script that does not exist", () => {
  const { scripts } = JSON.parse(readText("package.json")) as { scripts: Record<string, string> };
  const missing = documents().flatMap((document) =>
    [...readText(document).matchAll(/\bnpm run ([\w:-]+)/g)]
      .filter(([, name = ""]) => !Object.hasOwn(scripts, name))
      .map(([, name]) => `${document}: npm run ${name}`),
  );
  expect(missing).toEqual([]);
});

test("each threat of docs/security.md names a test that holds it off, and that test says so", () => {
  const threats = readText("docs/security.md").split("## Threats")[1]?.split("\n## ")[0] ?? "";
  const rows = threats.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| Threat"));
  expect(rows.length).toBeGreaterThan(30);
  const wrong = rows.filter((row) => {
    const { path = "", sentence = "" } = / \| `(?<path>test\/[^`]+\.ts)`: (?<sentence>.{8,}) \|$/.exec(row)?.groups ?? {};
    return path === "" || !isThere(path) || !readText(path).includes(sentence);
  });
  expect(wrong).toEqual([]);
});

test("the README can be read in one sitting: at most 200 lines of at most 120 characters", () => {
  const lines = readText("README.md").trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(200);
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
});
