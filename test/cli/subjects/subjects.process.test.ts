import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSubjectFile, type SubjectFile } from "../../../consumer/personal/subject-file.ts";
import { callCommand, type Called } from "../run-command.ts";

const RFC_3339 = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

describe("rejoinder subjects", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "subjects-"));
  const folder = join(dataDir, "subjects");
  /** That of a consumer, which runs meanwhile. */
  let file: SubjectFile;
  beforeAll(() => {
    file = openSubjectFile({ folder });
  });
  afterAll(() => {
    file.close();
    rmSync(dataDir, { recursive: true });
  });
  const subjects = (...args: readonly string[]): Promise<Called> =>
    callCommand(["subjects", ...args], { variables: { CONSUMER_DATA_DIR: dataDir } });

  test("forgets one, which a consumer that runs notices, and shows what is left", async () => {
    const { id } = file.keyFor("ada");
    file.keyFor("eve jones");
    expect((await subjects("list")).stdout.split("\n")).toEqual([
      expect.stringMatching(/^known {6}ada {2}key since \d/),
      expect.stringMatching(/^known {6}"eve jones" {2}key since \d/),
      "",
    ]);
    const before = file.epoch();
    const forgotten = await subjects("forget", "ada", "--json");
    expect([forgotten.code, JSON.parse(forgotten.stdout)]).toEqual([
      0,
      { subject: "ada", state: "forgotten", forgottenAt: expect.stringMatching(RFC_3339) },
    ]);
    expect([file.epoch(), file.find("ada", id)]).toEqual([before + 1, null]);
    expect((await subjects("list")).stdout).not.toContain("ada");
    expect((await subjects("list", "--all")).stdout).toContain("forgotten  ada");
    const shown = await subjects("show", "eve jones", "--json");
    expect(JSON.parse(shown.stdout)).toEqual({ subject: "eve jones", state: "known", keyMadeAt: expect.stringMatching(RFC_3339) });
  });

  test("forgets one whose key was lost, and says that there was none", async () => {
    const { code, stderr } = await subjects("forget", "bob");
    expect([code, stderr]).toEqual([0, expect.stringContaining("There was no key")]);
    expect(file.find("bob", "lost")).toBeNull();
  });

  test("does not know somebody of whom there is nothing", async () => {
    const { code, stderr } = await subjects("show", "nobody");
    expect([code, stderr]).toEqual([2, expect.stringContaining("There is no subject")]);
  });

  test("forgets nobody where there are no keys, and makes none there", async () => {
    for (const call of [0, 1]) {
      const { code, stderr } = await subjects("forget", "ada", "--dir", join(dataDir, "elsewhere"));
      expect([call, code, stderr]).toEqual([call, 2, expect.stringContaining("There are no keys in")]);
    }
  });
});
