import type { JsonSchema } from "../../contract/schema.ts";
import { ERRORS, type ErrorCode } from "../../protocol/errors.ts";
import { PROBLEM_CONTENT_TYPE } from "../../protocol/problem.ts";
import { VERSION } from "../../protocol/version.ts";
import { createCallerRoutes, describeRequests, END_HEADERS, END_PROBLEMS } from "./caller-routes.ts";
import { addContractSchemas, type OperationSchemas } from "./contract-schemas.ts";
import type { DescribedApi } from "./described-api.ts";
import { createHeaders, type HeaderName } from "./headers.ts";
import { WEBHOOK_KEYS_PATH } from "../routes/webhook-keys.ts";
import { createOperatorRoutes } from "./operator-routes.ts";
import { createParameters, type ParameterName } from "./parameters.ts";
import { createRequestRoutes } from "./request-routes.ts";
import { refTo, type ResponseDescription, type RouteDescription, TAGS } from "./route-description.ts";
import { createSchemas } from "./schemas.ts";
import { describeViews } from "./view-routes.ts";
import { createWebhookRoutes } from "./webhook-routes.ts";
import { createSecuritySchemes, requirementsOf } from "./security.ts";

/** On every route. Only servers on Node answer the first three of them. */
const EVERYWHERE = ["MALFORMED_HTTP", "REQUEST_TIMEOUT", "HEADERS_TOO_LARGE", "WRONG_HOST", "MISCONFIGURED", "INTERNAL"] as const;

/** The description of each route, by method and path; `POST /requests/:operation` has one for each operation. */
export const describeRoutes = (): Record<string, RouteDescription> => ({
  ...createCallerRoutes(),
  ...createOperatorRoutes(),
  ...createRequestRoutes(),
  ...createWebhookRoutes(),
});

const VIEWS_PATH = "/views";
const REQUESTS = "POST /requests/:operation";

/** The OpenAPI 3.1 document of an API: each route that it serves, with all that the route takes and answers. */
export const createOpenApi = ({ contract, routes, callers, publicUrl, hasLimits }: DescribedApi) => {
  const schemas = createSchemas();
  const operations = addContractSchemas(contract, schemas);
  const described = describeRoutes();
  const problems = createProblems();
  const paths: Record<string, Record<string, object>> = {};
  const hasWebhooks = routes.some(({ path }) => path === WEBHOOK_KEYS_PATH);
  const add = (method: string, path: string, complete: RouteDescription): void => {
    const route = hasWebhooks ? complete : withoutWebhook(complete);
    (paths[path] ??= {})[method.toLowerCase()] = {
      operationId: route.id,
      tags: [route.tag],
      summary: route.summary,
      ...(route.description !== undefined && { description: route.description }),
      security: requirementsOf(callers, route.access),
      ...parametersOf(path, route),
      ...(route.body && {
        requestBody: {
          required: route.body.isOptional !== true,
          ...(route.body.description !== undefined && { description: route.body.description }),
          content: { [route.body.mediaType]: { schema: route.body.schema } },
        },
      }),
      responses: { ...mapValues(route.responses, responseOf), ...problems.of(route) },
    };
  };
  for (const { method, path } of routes) {
    const name = `${method} ${path}`;
    const route = described[name];
    if (route !== undefined) add(method, path.replaceAll(/\/:(\w+)/g, "/{$1}"), route);
    if (name === REQUESTS)
      for (const operation of Object.values(contract))
        add(
          method,
          `/requests/${operation.name}`,
          describeRequests(operation, operations.get(operation.name) as OperationSchemas, hasLimits),
        );
  }
  if (routes.some(({ path }) => path === VIEWS_PATH))
    for (const { method, path, route } of describeViews(contract, schemas)) add(method, path, route);
  return {
    openapi: "3.1.1",
    info: {
      title: "rejoinder",
      version: VERSION,
      summary: "Request-reply over Kafka",
      description: INFO,
    },
    servers: [{ url: publicUrl?.replace(/\/$/, "") ?? "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      parameters: createParameters(),
      headers: createHeaders(),
      responses: problems.components,
      securitySchemes: createSecuritySchemes(callers, contract),
    },
  };
};

/** A route where webhooks are switched off: nobody can ask for one. */
const withoutWebhook = ({ parameters = [], problems, ...route }: RouteDescription): RouteDescription => ({
  ...route,
  parameters: parameters.filter((name) => name !== "Reply-To"),
  problems: problems.filter((code) => code !== "INVALID_REPLY_TO"),
});

const INFO = `A request is accepted, handled by a consumer behind Kafka, and ends in one state that can be read at its status.

What goes wrong is told as problem details (RFC 9457), whose \`code\` is stable. A path that is not here is answered by 404 \`NOT_FOUND\`, and a method that
a path does not take by 405 \`METHOD_NOT_ALLOWED\` with \`Allow\`. Where there is \`GET\`, there is \`HEAD\`.

Every response has \`X-Content-Type-Options: nosniff\` and \`Referrer-Policy: no-referrer\`, and \`Cache-Control: no-store\` unless it says otherwise; over
https also \`Strict-Transport-Security\`.`;

const mapValues = <From, To>(record: { readonly [name: string]: From }, to: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));

const headersOf = (names: readonly HeaderName[]): object =>
  names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])) };

const responseOf = ({ description, headers = [], content, links }: ResponseDescription): object => ({
  description,
  ...headersOf(headers),
  ...(content && { content: mapValues(content, (schema) => ({ schema })) }),
  ...(links && {
    links: mapValues(links, (operationId) => ({ operationId, parameters: { correlationId: "$response.body#/correlationId" } })),
  }),
});

const parametersOf = (path: string, { parameters = [] }: RouteDescription): object => {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name as ParameterName);
  const names = [...inPath, ...parameters];
  return names.length === 0 ? {} : { parameters: names.map((name) => ({ $ref: `#/components/parameters/${name}` })) };
};

/** What a problem says besides its code, by which headers. */
const headersOfCodes = (): Partial<Record<ErrorCode, readonly HeaderName[]>> => ({
  UNAUTHENTICATED: ["WWW-Authenticate"],
  INSUFFICIENT_SCOPE: ["WWW-Authenticate"],
  UNAUTHORIZED: ["Date"],
  UPGRADE_REQUIRED: ["Upgrade"],
  PRODUCE_UNKNOWN: ["Location"],
  VIEW_ROW_NOT_FOUND: ["ETag", "Rejoinder-Position", "Vary", "Preference-Applied"],
  RATE_LIMITED: ["RateLimit-Policy", "RateLimit", "Retry-After"],
  QUOTA_EXCEEDED: ["RateLimit-Policy", "RateLimit", "Retry-After"],
  LIMITS_UNAVAILABLE: ["Quota-Check"],
  ...Object.fromEntries(END_PROBLEMS.map((code) => [code, END_HEADERS])),
});

/** And by which members. */
const membersOfCodes = (): Partial<Record<ErrorCode, Readonly<Record<string, JsonSchema>>>> => ({
  INVALID_REQUEST: {
    errors: { type: "array", items: refTo("SchemaError"), description: "What does not fit the schema." },
    moreErrors: { type: "integer", description: "How many are left out." },
  },
  BODY_TOO_LARGE: { maxBytes: { type: "integer" } },
  PRODUCE_UNKNOWN: { correlationId: { type: "string" } },
  ALREADY_ENDED: { state: refTo("State") },
  NOT_ENDED: { state: refTo("State") },
  ALREADY_REDRIVEN: { redrivenAs: { type: "string" } },
  VIEW_ROW_NOT_FOUND: { position: { type: "string", description: "Where the row left." } },
  UNKNOWN_OPERATION: { operations: { type: "array", items: { type: "string" } } },
  RATE_LIMITED: { "violated-policies": { type: "array", items: { type: "string" } } },
  QUOTA_EXCEEDED: { "violated-policies": { type: "array", items: { type: "string" } } },
  MISCONFIGURED: { problems: { type: "array", items: { type: "string" } } },
});

/** The responses with problems. Routes that answer the same share one component. */
const createProblems = () => {
  const components: Record<string, object> = {};
  const names = new Map<string, string>();
  const headersOfCode = headersOfCodes();
  const membersOfCode = membersOfCodes();

  const responseFor = (
    status: number,
    codes: readonly ErrorCode[],
    declared: readonly JsonSchema[],
    more: readonly HeaderName[],
  ): object => {
    const own: JsonSchema = {
      allOf: [refTo("Problem")],
      type: "object",
      properties: {
        status: { type: "integer", const: status },
        code: { type: "string", enum: codes },
        ...Object.assign({}, ...codes.map((code) => membersOfCode[code])),
      },
    };
    const known = codes.length === 0 ? declared : [...declared, own];
    const isRetryable = codes.some((code) => ERRORS[code].retryable);
    const headers = new Set([
      ...codes.flatMap((code) => headersOfCode[code] ?? []),
      ...(isRetryable ? (["Retry-After"] as const) : []),
      ...(declared.length > 0 ? END_HEADERS : []),
      ...more,
    ]);
    return {
      description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join(" ") || "An error of the operation.",
      ...headersOf([...headers]),
      content: { [PROBLEM_CONTENT_TYPE]: { schema: known.length === 1 ? known[0] : { anyOf: known } } },
    };
  };

  return {
    components,
    of: ({ id, problems, declared = {}, problemHeaders = [] }: RouteDescription): Record<string, object> => {
      const codes = Map.groupBy(new Set<ErrorCode>([...problems, ...EVERYWHERE]), (code) => ERRORS[code].status as number);
      const statuses = [...new Set([...codes.keys(), ...Object.keys(declared).map(Number)])].toSorted((one, other) => one - other);
      return Object.fromEntries(
        statuses.map((status) => {
          const [own = [], others = []] = [codes.get(status), declared[status]];
          // What an operation declares is its own.
          const key = others.length > 0 ? `${id} ${status}` : [...own, ...problemHeaders].join();
          const name = names.get(key) ?? `${id}.${status}`;
          names.set(key, name);
          components[name] ??= responseFor(status, own, others, problemHeaders);
          return [String(status), { $ref: `#/components/responses/${name}` }];
        }),
      );
    },
  };
};
