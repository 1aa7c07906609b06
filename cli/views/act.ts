import type { ViewAction, ViewActionBody, ViewsBody, ViewVersion } from "../../protocol/view-api.ts";
import { createCallerCall, problemText } from "../caller-call.ts";
import { UsageError } from "../command.ts";
import { ExpectedError } from "../expected-error.ts";
import { WorkerError } from "../signed-call.ts";
import { workerUrlOf } from "../worker-url.ts";
import { versionText, viewText } from "./view-text.ts";

/** The options of all actions, as they are typed. */
export type ViewsOptions = { readonly json?: boolean; readonly url?: string };

const EXIT = { done: 0, refused: 2, unreachable: 4 } as const;

const MAX_VERSION = 1_000_000;

/**
 * Lists the views of a Worker and their versions, or does something with one version.
 * @param named the view, and the version that is meant
 * @returns the exit code
 * @throws UsageError
 */
export const actOnViews = async (
  action: "list" | ViewAction["action"],
  options: ViewsOptions,
  [view = "", version = ""]: readonly string[],
): Promise<number> => {
  const acted = action === "list" ? undefined : { action, version: readVersion(version) };
  const call = createCallerCall({ url: workerUrlOf(options.url, process.env), environment: process.env });
  const ask = async <Body>(...args: Parameters<typeof call>): Promise<Body> => {
    const answer = await call(...args);
    if (answer.isDone) return answer.body as Body;
    throw new RefusedError(problemText(answer.problem));
  };
  const print = <Told>(told: readonly Told[], text: (one: Told) => string): void => {
    for (const one of told) console.log(options.json === true ? JSON.stringify(one) : text(one));
  };
  try {
    if (acted === undefined) {
      const { views } = await ask<ViewsBody>("GET", "/views");
      print(views, viewText);
      if (views.length === 0 && options.json !== true) console.error("The Worker's contract has no views.");
    } else {
      const { versions } = await ask<ViewActionBody>("POST", `/views/${encodeURIComponent(view)}`, acted);
      print<ViewVersion>(versions, versionText);
    }
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof WorkerError)) throw error;
    console.error(error.message);
    return error instanceof RefusedError ? EXIT.refused : EXIT.unreachable;
  }
};

/** @throws UsageError */
const readVersion = (text: string): number => {
  const version = Number(text);
  if (/^\d{1,7}$/.test(text) && version >= 1 && version <= MAX_VERSION) return version;
  throw new UsageError(
    `Expected VERSION to be a whole number from 1 to ${MAX_VERSION}, as rejoinder views list shows it, got ${JSON.stringify(text)}.`,
  );
};

/** The Worker did not do it, and says why. */
class RefusedError extends ExpectedError {
  override readonly name = "RefusedError";
}
