import { join } from "node:path";
import { type LineProcess, startLineProcess } from "../line-process.ts";

/** Starts one of the two programs of this folder. */
export const startNest = (role: "responder" | "requester", settings: object): Promise<LineProcess> =>
  startLineProcess(process.execPath, [join(import.meta.dirname, `${role}.ts`), JSON.stringify(settings)]);
