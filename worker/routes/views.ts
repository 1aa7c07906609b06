import type { Context } from "hono";
import { partsOf } from "../../contract/contract.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_BATCH_BYTES, MAX_ENVELOPE_DEPTH } from "../../protocol/limits.ts";
import type { ViewAction, ViewActionBody, ViewsBody } from "../../protocol/view-api.ts";
import { MAX_ROW_BYTES, readViewBatch, type ViewBatchResult } from "../../protocol/view-batch.ts";
import { checkJsonType, isLongerThan, parseJson, readBody } from "../body.ts";
import { OPERATOR } from "../identity/principal.ts";
import { jsonResponse } from "../responses.ts";
import { checkSameOrigin } from "../same-origin.ts";
import { createSignatureCheck } from "../signature-check.ts";
import { refuseUnreadable, viewOf } from "../views/view-query.ts";
import type { TextBatch, ViewStore } from "../views/view-store.ts";
import { createViewRowRoute, type ViewReadOptions } from "./view-row.ts";
import { createViewRowsRoute } from "./view-rows.ts";

type ViewsOptions = Omit<ViewReadOptions, "views"> & {
  /** Absent: the contract has no views. */
  readonly views: ViewStore | undefined;
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
};

/** The routes of views, if the contract has any. */
export const createViewsRoutes = ({ views, secrets, ...options }: ViewsOptions) => {
  if (views === undefined) return [];
  const reading = { ...options, views };
  return [
    { method: "GET", path: "/views", handle: createVersionsRoute(reading) },
    { method: "POST", path: "/views", handle: createBatchRoute({ ...reading, secrets }) },
    { method: "GET", path: "/views/:view", handle: createViewRowsRoute(reading) },
    { method: "POST", path: "/views/:view", handle: createActionRoute(reading) },
    { method: "GET", path: "/views/:view/:key", handle: createViewRowRoute(reading) },
  ] as const;
};

/** `POST /views`: a consumer's signed batch of rows. The signature is checked before anything is parsed. */
const createBatchRoute = ({ contract, views, secrets, now = Date.now }: ViewReadOptions & Pick<ViewsOptions, "secrets">) => {
  const refuseSignature = createSignatureCheck({ secrets, now });
  const known = partsOf(contract).views;
  return async ({ req }: Context): Promise<Response> => {
    const body = await readBody(req.raw, MAX_BATCH_BYTES);
    const refusal = await refuseSignature(req.raw.headers, body);
    if (refusal !== undefined) return refusal;
    checkJsonType(req.header("content-type"));
    const batch = readViewBatch(parseJson(body, MAX_ENVELOPE_DEPTH));
    const view = known.get(batch.view);
    const isUnknown = view === undefined || view.version < batch.version;
    const rows = batch.rows.map(({ key, offset, row }) => ({ key, offset, text: row === null ? null : textOf(row) }));
    const result: ViewBatchResult = isUnknown
      ? { outcome: "unknown" }
      : await views.store({ ...batch, rows } satisfies TextBatch).catch(refuseUnreadable);
    return jsonResponse(200, JSON.stringify(result));
  };
};

const textOf = (row: unknown): string => {
  const text = JSON.stringify(row);
  if (isLongerThan(text, MAX_ROW_BYTES))
    throw new RejoinderError("INVALID_BATCH", { detail: `Expected a row to have at most ${MAX_ROW_BYTES} bytes.` });
  return text;
};

/** `GET /views`: which versions there are, for operators. */
const createVersionsRoute =
  ({ authorize, contract, views }: ViewReadOptions) =>
  async (context: Context): Promise<Response> => {
    await authorize(context, OPERATOR);
    const known = [...partsOf(contract).views.values()];
    const versions = await views.versions(known.map(({ name }) => name)).catch(refuseUnreadable);
    const body: ViewsBody = {
      views: known.map(({ name, aggregate, version }, index) => ({
        view: name,
        aggregate,
        contractVersion: version,
        versions: versions[index] ?? [],
      })),
    };
    return jsonResponse(200, JSON.stringify(body));
  };

/** More than an action has. */
const MAX_ACTION_BYTES = 1_024;

/** `POST /views/:view`: does something to a version, for operators. */
const createActionRoute =
  ({ authorize, contract, views }: ViewReadOptions) =>
  async (context: Context): Promise<Response> => {
    const { req } = context;
    await authorize(context, OPERATOR);
    checkSameOrigin(req.raw);
    checkJsonType(req.header("content-type"));
    const { name } = viewOf(contract, req.param("view") ?? "");
    const action = readAction(parseJson(await readBody(req.raw, MAX_ACTION_BYTES)));
    const result = await views.act(name, action).catch(refuseUnreadable);
    const { version } = action;
    if (result === "unknown") throw new RejoinderError("UNKNOWN_VIEW", { detail: `There is no version ${version} of view ${name} here.` });
    if (result === "in-use")
      throw new RejoinderError("VIEW_VERSION_IN_USE", { detail: `Switch view ${name} to another version before you drop ${version}.` });
    if (result === "not-ready")
      throw new RejoinderError("VIEW_NOT_READY", { detail: `Version ${version} of view ${name} does not have all rows yet.` });
    const [versions = []] = await views.versions([name]).catch(refuseUnreadable);
    return jsonResponse(200, JSON.stringify({ view: name, versions } satisfies ViewActionBody));
  };

const ACTIONS = ["switch", "drop", "rebuild"] as const satisfies ViewAction["action"][];

const readAction = (json: unknown): ViewAction => {
  const { action: named, version } = (json ?? {}) as Record<string, unknown>;
  const action = ACTIONS.find((one) => one === named);
  if (action === undefined || !Number.isSafeInteger(version) || (version as number) < 1)
    throw new RejoinderError("INVALID_VIEW_ACTION", {
      detail: `Expected {"action": ${ACTIONS.map((one) => `"${one}"`).join(" | ")}, "version": 1}.`,
    });
  return { action, version: version as number };
};
