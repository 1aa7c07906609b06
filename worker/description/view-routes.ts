import { type Contract, partsOf } from "../../contract/contract.ts";
import type { JsonSchema } from "../../contract/schema.ts";
import type { View } from "../../contract/view.ts";
import { MAX_BATCH_ROWS } from "../../protocol/view-batch.ts";
import { OPERATOR } from "../identity/principal.ts";
import { BODY_PROBLEMS, CALLER_PROBLEMS } from "./caller-routes.ts";
import { addSchema } from "./contract-schemas.ts";
import { json, refTo, type RouteDescription } from "./route-description.ts";
import { objectOf } from "./schemas.ts";

/** A route of views as a document has it: with the name of the view in its path. */
type ViewRoute = { readonly method: string; readonly path: string; readonly route: RouteDescription };

const READ_PROBLEMS = [...CALLER_PROBLEMS, "INVALID_QUERY", "VIEW_NOT_READY", "POSITION_GONE", "OVERLOADED"] as const;
const BEHIND = {
  description: "The edge does not have the commit yet that `after` names.",
  headers: ["Retry-After", "Vary", "Preference-Applied"],
  content: json(refTo("ViewBehind")),
} as const;

/** The routes of the views of a contract, which are served if it has any. Puts the schemas of their rows into the components. */
export const describeViews = (contract: Contract, components: Record<string, JsonSchema>): readonly ViewRoute[] => {
  const views = [...partsOf(contract).views.values()];
  if (views.length === 0) return [];
  Object.assign(components, createViewSchemas());
  return [
    { method: "GET", path: "/views", route: versions() },
    { method: "POST", path: "/views", route: batch() },
    ...views.flatMap((view): ViewRoute[] => {
      const row = addSchema(`${view.name}.row`, view.jsonSchema, components);
      return [
        { method: "GET", path: `/views/${view.name}`, route: list(view, row) },
        { method: "POST", path: `/views/${view.name}`, route: action(view) },
        { method: "GET", path: `/views/${view.name}/{key}`, route: read(view, row) },
      ];
    }),
  ];
};

const read = ({ name }: View, row: JsonSchema): RouteDescription => ({
  id: `row.${name}`,
  tag: "Views",
  summary: `Reads a row of ${name}`,
  description:
    "With `after`, once the edge has that commit. With `Accept: text/event-stream`, a stream of server-sent events: the row, and then each change of it.",
  access: { scope: `views:${name}` },
  parameters: ["viewPrefer", "rowIfNoneMatch", "viewAfter", "Last-Event-ID"],
  responses: {
    "200": {
      description: "The row. Or a stream of events.",
      headers: ["ETag", "Rejoinder-Position", "Vary", "Preference-Applied", "X-Accel-Buffering"],
      content: { ...json(row), "text/event-stream": refTo("RowEvents") },
    },
    "202": BEHIND,
    "304": { description: "The row is as it was.", headers: ["ETag", "Rejoinder-Position", "Vary", "Preference-Applied"] },
  },
  problems: [...READ_PROBLEMS, "VIEW_ROW_NOT_FOUND"],
});

const list = ({ name }: View, row: JsonSchema): RouteDescription => ({
  id: `rows.${name}`,
  tag: "Views",
  summary: `Lists rows of ${name}, in the order of their keys`,
  access: { scope: `views:${name}` },
  parameters: ["prefix", "viewCursor", "viewLimit", "viewAfter", "viewPrefer"],
  responses: {
    "200": {
      description: "A page of those that the caller may read.",
      headers: ["Link", "Vary", "Preference-Applied"],
      content: json(
        objectOf({
          view: { type: "string", const: name },
          version: { type: "integer", minimum: 1, description: "The version that is served." },
          rows: { type: "array", items: objectOf({ key: { type: "string" }, position: { type: "string" }, row }) },
          "next?": { type: "string", description: "The `cursor` of the next page." },
        }),
      ),
    },
    "202": BEHIND,
  },
  problems: READ_PROBLEMS,
});

const versions = (): RouteDescription => ({
  id: "listViews",
  tag: "Views",
  summary: "Lists the views with their versions, how far the edge is, and which version is served",
  access: { scope: OPERATOR },
  responses: { "200": { description: "The views.", content: json(refTo("Views")) } },
  problems: CALLER_PROBLEMS,
});

const action = ({ name }: View): RouteDescription => ({
  id: `change.${name}`,
  tag: "Views",
  summary: `Serves, drops or rebuilds a version of ${name}`,
  access: { scope: OPERATOR },
  body: { mediaType: "application/json", schema: refTo("ViewAction") },
  responses: {
    "200": {
      description: "Done: these versions there are.",
      content: json(objectOf({ view: { type: "string" }, versions: { type: "array", items: refTo("ViewVersion") } })),
    },
  },
  problems: [
    ...CALLER_PROBLEMS,
    ...BODY_PROBLEMS,
    "CROSS_ORIGIN",
    "INVALID_VIEW_ACTION",
    "UNKNOWN_VIEW",
    "VIEW_VERSION_IN_USE",
    "VIEW_NOT_READY",
  ],
});

const batch = (): RouteDescription => ({
  id: "deliverRows",
  tag: "Operators",
  summary: "Takes a batch of rows of a consumer",
  access: "signed",
  parameters: ["webhook-id", "webhook-timestamp"],
  body: { mediaType: "application/json", schema: refTo("ViewBatch") },
  responses: {
    "200": {
      description: "What became of it.",
      content: json(
        objectOf({
          outcome: { type: "string", enum: ["stored", "behind", "unknown"] },
          "next?": { type: "integer", minimum: 0 },
          "versions?": { type: "string" },
          "askAgainMs?": { type: "integer", minimum: 100 },
        }),
      ),
    },
  },
  problems: [...BODY_PROBLEMS, "UNAUTHORIZED", "INVALID_BATCH", "STORE_UNAVAILABLE"],
});

const count: JsonSchema = { type: "integer", minimum: 0 };
const version: JsonSchema = { type: "integer", minimum: 1 };

const createViewSchemas = (): Record<string, JsonSchema> => ({
  ViewBehind: objectOf({ view: { type: "string" }, after: { type: "string" } }),
  RowEvents: {
    type: "string",
    description:
      "Server-sent events (HTML §9.2): `row` with the row, and `removed` with an object whose `position` says where it left. Each has an `id` to come back with, unless there has never been a row.",
  },
  ViewVersion: objectOf({
    version,
    isServed: { type: "boolean" },
    "servedSince?": { type: "string", format: "date-time" },
    isReady: { type: "boolean", description: "Whether all partitions were caught up once." },
    partitions: { ...count, description: "0: not known yet." },
    progress: { type: "array", items: objectOf({ partition: count, next: count, isCaughtUp: { type: "boolean" } }) },
  }),
  Views: objectOf({
    views: {
      type: "array",
      items: objectOf({
        view: { type: "string" },
        aggregate: { type: "string" },
        contractVersion: version,
        versions: { type: "array", items: refTo("ViewVersion") },
      }),
    },
  }),
  ViewAction: objectOf({ action: { type: "string", enum: ["switch", "drop", "rebuild"] }, version }),
  ViewBatch: objectOf(
    {
      view: { type: "string" },
      version,
      partition: count,
      partitions: version,
      generation: { type: "string" },
      fold: { type: "string" },
      from: count,
      to: count,
      isCaughtUp: { type: "boolean" },
      rows: { type: "array", maxItems: MAX_BATCH_ROWS, items: objectOf({ key: { type: "string" }, offset: count, row: {} }) },
    },
    { description: "Changes of rows by the commits of one partition, from one offset to another." },
  ),
});
