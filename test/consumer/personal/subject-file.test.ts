import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSubjectFile, type SubjectFile } from "../../../consumer/personal/subject-file.ts";
import { KeysUnavailableError, MissingKeyError } from "../../../consumer/personal/subject-keys.ts";
import { folderHas, makeFolder } from "./folder.ts";

const open = (folder: string): SubjectFile => {
  const file = openSubjectFile({ folder, now: () => 1_000 });
  onTestFinished(() => file.close());
  return file;
};

describe("the keys of subjects", () => {
  test("are one for each subject, the same for all who have the file open, and after it was closed", () => {
    const folder = makeFolder();
    const [one, other] = [open(folder), open(folder)];
    const ada = one.keyFor("ada");
    expect(ada.key).toHaveLength(32);
    expect(other.keyFor("ada")).toEqual(ada);
    expect(one.keyFor("eve").key).not.toEqual(ada.key);
    expect(open(folder).find("ada", ada.id)).toEqual(ada.key);
  });

  test("are for this user alone", () => {
    expect(statSync(open(makeFolder()).path).mode & 0o777).toBe(0o600);
  });

  test("that cannot be read now are not missing: they may be there later", () => {
    const file = open(makeFolder());
    const { id } = file.keyFor("ada");
    file.forget("eve");
    expect(file.epoch()).toBe(1);
    const other = new DatabaseSync(file.path);
    other.exec("ALTER TABLE subjects RENAME TO elsewhere");
    expect(() => file.find("ada", id)).toThrow(KeysUnavailableError);
    expect(() => file.keyFor("ada")).toThrow(KeysUnavailableError);
    other.exec("ALTER TABLE elsewhere RENAME TO subjects");
    other.close();
    expect(file.find("ada", id)).toHaveLength(32);
  });

  test("are gone once their subject is forgotten, from every file that the folder has", () => {
    const folder = makeFolder();
    const file = open(folder);
    const subjects = Array.from({ length: 300 }, (_, index) => `subject-${index}`);
    const keys = subjects.map((subject) => file.keyFor(subject));
    expect(keys.every(({ key }) => folderHas(folder, key))).toBe(true);
    for (const subject of subjects.slice(0, 150)) expect(file.forget(subject)).toBe(true);
    expect(keys.map(({ key }) => folderHas(folder, key))).toEqual(subjects.map((_, index) => index >= 150));
  });

  test("are null by their ID from then on, also for a process that had them in memory, once it has looked", () => {
    const folder = makeFolder();
    const [one, other] = [open(folder), open(folder)];
    const { id } = one.keyFor("ada");
    expect([one.epoch(), other.find("ada", id)]).toEqual([0, one.keyFor("ada").key]);
    one.forget("ada");
    expect([other.epoch(), other.find("ada", id), one.find("ada", id)]).toEqual([1, null, null]);
  });

  test("are new for a subject that comes back, and the old one stays null", () => {
    const file = open(makeFolder());
    const { id } = file.keyFor("ada");
    file.forget("ada");
    const again = file.keyFor("ada");
    expect([again.id === id, file.find("ada", id), file.find("ada", again.id)]).toEqual([false, null, again.key]);
    expect(file.show("ada")).toEqual({ subject: "ada", keyMadeAt: 1_000, forgottenAt: 1_000 });
  });

  test("that were never here are an error, and not null: they may be in another file", () => {
    const file = open(makeFolder());
    expect(() => file.find("ada", "elsewhere")).toThrow(MissingKeyError);
    file.keyFor("ada");
    expect(() => file.find("ada", "elsewhere")).toThrow(MissingKeyError);
  });

  test("that are lost for good can be forgotten, too", () => {
    const file = open(makeFolder());
    expect([file.forget("ada"), file.find("ada", "lost")]).toEqual([false, null]);
  });

  test("are listed by subject, without the keys, however many there are", () => {
    const file = open(makeFolder());
    const subjects = ["", "a/b", "ada", "eve", "\u{1F600}"];
    for (const subject of subjects.toReversed().filter((subject) => subject !== "")) file.keyFor(subject);
    file.forget("eve");
    expect([...file.list()]).toEqual([
      { subject: "a/b", keyMadeAt: 1_000 },
      { subject: "ada", keyMadeAt: 1_000 },
      { subject: "eve", forgottenAt: 1_000 },
      { subject: "\u{1F600}", keyMadeAt: 1_000 },
    ]);
    expect(file.show("nobody")).toBeUndefined();
  });
});
