import { resolve } from "node:path";

type FolderVariables = { readonly CONSUMER_SUBJECTS_DIR?: string | undefined; readonly CONSUMER_DATA_DIR: string };

/** Where the file of keys of personal data is, absolute: by default in the folder of the consumer's data. */
export const subjectsFolderOf = ({ CONSUMER_SUBJECTS_DIR, CONSUMER_DATA_DIR }: FolderVariables): string =>
  resolve(CONSUMER_SUBJECTS_DIR ?? `${CONSUMER_DATA_DIR}/subjects`);
