import { hash } from "node:crypto";
import type { KeyAction, KeyAnswers, KeyView } from "../../worker/identity/keys/key-actions.ts";
import { createApiKey } from "../../worker/identity/keys/api-key.ts";
import { readDeploymentEnvironment } from "../deployment-environment.ts";
import { ExpectedError } from "../expected-error.ts";
import { loadContract } from "../project.ts";
import { readReplyKey } from "../reply-key.ts";
import { createSignedCall, WorkerError } from "../signed-call.ts";
import { readExpiry, readKeyId, readLength, readScopes } from "./key-arguments.ts";
import { keyText } from "./key-text.ts";

/** The options of all actions, as they are typed. */
export type KeyOptions = {
  readonly scopes?: string;
  readonly name?: string;
  readonly subject?: string;
  readonly plan?: string;
  readonly webhook?: string;
  readonly expires?: string;
  readonly overlap?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly url?: string;
};

const EXIT = { done: 0, refused: 2, unreachable: 4 } as const;

const DEFAULT_OVERLAP = "24h";

/**
 * Does what a call says with the API keys of a Worker.
 * @param named the ID of a key, or a whole key
 * @returns the exit code
 * @throws UsageError, ConfigurationError, ProjectError
 */
export const actOnKeys = async (
  action: "create" | "list" | "show" | "rotate" | "revoke",
  options: KeyOptions,
  named: string,
): Promise<number> => {
  const id = action === "create" || action === "list" ? "" : readKeyId(named);
  const scopes = readScopes(options.scopes);
  const expiresAt = readExpiry(options.expires, Date.now());
  const overlapSeconds = readLength("overlap", options.overlap ?? DEFAULT_OVERLAP);
  const { url, environment } = readDeploymentEnvironment(options.url, process.env, await loadContract());
  const call = createSignedCall({ url, key: readReplyKey(environment) });
  const json = options.json === true;

  const ask = async <Asked extends KeyAction>(asked: Asked): Promise<KeyAnswers[Asked["action"]]> => {
    const answer = await call("/keys", asked);
    if (answer.isDone) return answer.body as KeyAnswers[Asked["action"]];
    throw new RefusedError(`${answer.problem.code}: ${answer.problem.detail ?? answer.problem.title}`);
  };
  /** A new key is made here, and the Worker learns its hash: so it is in no request and in no log. */
  const make = async () => {
    const { key, id: newId } = createApiKey((await ask({ action: "describe" })).environment);
    return { key, made: { id: newId, hash: hash("sha256", key, "hex"), ...(expiresAt !== undefined && { expiresAt }) } };
  };
  const printNew = (key: string, view: KeyView): void => {
    console.log(json ? JSON.stringify({ key, ...view }) : key);
    if (!json) console.error(`${keyText(view)}\nKeep the key: nobody can read it again. Callers send it as Authorization: Bearer rj_….`);
  };

  try {
    if (action === "create") {
      const { key, made } = await make();
      const { subject = made.id, plan, name, webhook } = options;
      printNew(key, await ask({ action, key: { ...made, subject, scopes: [...scopes], plan, name, webhook } }));
    } else if (action === "rotate") {
      const { key, made } = await make();
      printNew(key, await ask({ action, id, key: made, overlapSeconds }));
      if (!json) console.error(keyText(await ask({ action: "show", id })));
    } else if (action === "list") {
      let after: string | undefined;
      do {
        const { keys, next } = await ask({ action, after });
        const shown = keys.filter(({ state }) => options.all === true || state === "active" || state === "replaced");
        for (const key of shown) console.log(json ? JSON.stringify(key) : keyText(key));
        after = next;
      } while (after !== undefined);
    } else {
      const key = await ask({ action, id });
      console.log(json ? JSON.stringify(key) : keyText(key));
    }
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof WorkerError)) throw error;
    console.error(error.message);
    return error instanceof RefusedError ? EXIT.refused : EXIT.unreachable;
  }
};

/** The Worker did not do it, and says why. */
class RefusedError extends ExpectedError {
  override readonly name = "RefusedError";
}
