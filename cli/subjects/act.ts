import { resolve } from "node:path";
import { hasSubjectFile, openSubjectFile, type SubjectFile } from "../../consumer/personal/subject-file.ts";
import { subjectsFolderOf } from "../../consumer/personal/subjects-folder.ts";
import { readDeploymentEnvironment } from "../deployment-environment.ts";
import { loadContract } from "../project.ts";
import { subjectText, subjectView } from "./subject-text.ts";

/** The options of all actions, as they are typed. */
export type SubjectOptions = { readonly dir?: string; readonly all?: boolean; readonly json?: boolean };

const EXIT = { done: 0, refused: 2, unreachable: 4 } as const;

/** The consumer's own default. */
const DATA_DIR = ".rejoinder/consumer";

/**
 * Does what a call says with the subjects of personal data.
 * @param subject empty for `list`
 * @returns the exit code
 * @throws ConfigurationError, ProjectError
 */
export const actOnSubjects = async (action: "list" | "show" | "forget", options: SubjectOptions, subject: string): Promise<number> => {
  const folder = options.dir === undefined ? await findFolder() : resolve(options.dir);
  // One that is made here would forget nobody.
  if (!hasSubjectFile(folder)) {
    console.error(
      `There are no keys in ${folder}. Set CONSUMER_SUBJECTS_DIR or CONSUMER_DATA_DIR as for the consumer, or name the folder with --dir.`,
    );
    return EXIT.refused;
  }
  let file: SubjectFile;
  try {
    file = openSubjectFile({ folder });
  } catch (error) {
    console.error(`Could not open the keys in ${folder}: ${(error as Error).message}.`);
    return EXIT.unreachable;
  }
  try {
    return act(file, action, options, subject);
  } catch (error) {
    console.error(
      `Could not use the keys in ${folder}: ${(error as Error).message}. ${action === "forget" ? "Call it again." : ""}`.trim(),
    );
    return EXIT.unreachable;
  } finally {
    file.close();
  }
};

const act = (file: SubjectFile, action: "list" | "show" | "forget", { all, json }: SubjectOptions, subject: string): number => {
  const shownAs = json === true ? (one: Parameters<typeof subjectView>[0]) => JSON.stringify(subjectView(one)) : subjectText;
  if (action === "list") {
    for (const one of file.list()) if (all === true || one.keyMadeAt !== undefined) console.log(shownAs(one));
    return EXIT.done;
  }
  if (action === "forget") {
    const had = file.forget(subject);
    if (json !== true)
      console.error(
        `${had ? "The key is gone" : "There was no key"}: what is stored of ${subject} reads as null. Consumers make states and views again within seconds.`,
      );
  }
  const one = file.show(subject);
  if (one === undefined) {
    console.error(`There is no subject ${JSON.stringify(subject)}. See: rejoinder subjects list --all`);
    return EXIT.refused;
  }
  console.log(shownAs(one));
  return EXIT.done;
};

/** Of the start that runs in this project, or as this shell's variables say. */
const findFolder = async (): Promise<string> => {
  const { environment } = readDeploymentEnvironment(undefined, process.env, await loadContract());
  return subjectsFolderOf({
    CONSUMER_SUBJECTS_DIR: environment["CONSUMER_SUBJECTS_DIR"] || undefined,
    CONSUMER_DATA_DIR: environment["CONSUMER_DATA_DIR"] || DATA_DIR,
  });
};
