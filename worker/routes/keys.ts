import type { Context } from "hono";
import type { Contract } from "../../contract/contract.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { checkJsonType, parseJson, readBody } from "../body.ts";
import { createKeyActions, readKeyAction } from "../identity/keys/key-actions.ts";
import type { ApiKeys } from "../identity/keys/api-keys.ts";
import { scopesOf } from "../identity/scopes.ts";
import { jsonResponse } from "../responses.ts";
import { createSignatureCheck } from "../signature-check.ts";
import type { WebhookUrlPolicy } from "../webhooks/webhook-url.ts";

type KeysOptions = {
  readonly contract: Contract;
  /** Absent: this Worker has no place for keys. */
  readonly apiKeys: Pick<ApiKeys, "keys" | "environment"> | undefined;
  /** Where webhooks may go. Absent: they are switched off. */
  readonly webhookPolicy?: WebhookUrlPolicy | undefined;
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  readonly now?: () => number;
};

const MAX_ACTION_BYTES = 16 * 1024;

/**
 * `POST /keys`: what an operator does with the API keys, signed as `POST /replies` is. All of it is in the body, since neither path nor
 * method is signed. A key itself never comes here, only its hash.
 */
export const createKeysRoute = ({ contract, apiKeys, webhookPolicy, secrets, now = Date.now }: KeysOptions) => {
  const refuseSignature = createSignatureCheck({ secrets, now });
  const act =
    apiKeys &&
    createKeyActions({ registry: apiKeys.keys, environment: apiKeys.environment, scopes: scopesOf(contract), webhookPolicy, now });

  return async ({ req }: Context): Promise<Response> => {
    const body = await readBody(req.raw, MAX_ACTION_BYTES);
    const refusal = await refuseSignature(req.raw.headers, body);
    if (refusal !== undefined) return refusal;
    checkJsonType(req.header("content-type"));
    const action = readKeyAction(parseJson(body));
    if (act === undefined)
      throw new RejoinderError("NOT_SUPPORTED", {
        detail: "The Worker has no place for API keys. Add a KV namespace with the binding KEYS to wrangler.toml, and deploy it.",
      });
    return jsonResponse(200, JSON.stringify(await act(action)));
  };
};
