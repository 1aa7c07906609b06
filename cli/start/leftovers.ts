import { endRecorded } from "../processes/process-record.ts";

/** What a start that is killed can leave running, in the order in which to end it. */
export const LEFTOVERS = ["consumer", "worker", "wrangler", "workerd", "gateway"] as const;

/** How long it may take to end by itself. */
const GRACE_MS = 3_000;

/** Ends one of them if it still runs; resolves to its pid if it did. workerd is not asked first: what it acknowledged is on disk. */
export const endLeftover = (directory: string, name: (typeof LEFTOVERS)[number]): Promise<number | undefined> =>
  endRecorded(directory, name, name === "workerd" ? 0 : GRACE_MS);
