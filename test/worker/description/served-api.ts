import { Validator } from "@cfworker/json-schema";

/** A document of OpenAPI, as far as the tests look. */
export type OpenApi = {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: Readonly<Record<"schemas" | "parameters" | "headers" | "responses" | "securitySchemes", Record<string, object>>>;
};

export type OpenApiOperation = {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { readonly $ref: string }[];
  readonly responses: Readonly<Record<string, OpenApiResponse | { readonly $ref: string }>>;
};

type OpenApiResponse = {
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
};

/** What every response may have, as the document says once for all; and what its transport adds. */
const EVERYWHERE = new Set([
  ..."x-content-type-options referrer-policy strict-transport-security cache-control content-type content-length".split(" "),
  ..."date connection keep-alive transfer-encoding cf-cache-status access-control-allow-origin access-control-expose-headers".split(" "),
]);

/** What a response of the API has that its document does not say; empty if all is as described. @param path as the document has it, such as `/status/{correlationId}` */
export const undescribed = async (document: OpenApi, method: string, path: string, response: Response): Promise<readonly string[]> => {
  const operation = document.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) return [`${method} ${path} is not described`];
  const named = operation.responses[response.status] ?? operation.responses[`${String(response.status)[0]}XX`];
  if (named === undefined) return [`${method} ${path} does not describe ${response.status}: ${await response.text()}`];
  const described = "$ref" in named ? (resolve(document, named.$ref) as OpenApiResponse) : named;
  const names = new Set(Object.keys(described.headers ?? {}).map((name) => name.toLowerCase()));
  const faults = [...response.headers.keys()]
    .filter((name) => !EVERYWHERE.has(name) && !names.has(name) && !(name === "vary" && response.headers.get("vary") === "Origin"))
    .map((name) => `${response.status} has the header ${name}`);
  const type = response.headers.get("content-type");
  const text = await response.text();
  if (described.content === undefined) return text === "" ? faults : [...faults, `${response.status} has a body`];
  const content = described.content[type ?? ""];
  if (content === undefined) return [...faults, `${response.status} is ${type}, expected ${Object.keys(described.content).join(" or ")}`];
  if (type?.includes("json") !== true) return faults;
  const { valid, errors } = validate(document, content.schema, JSON.parse(text));
  return valid ? faults : [...faults, ...errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error} in ${text}`)];
};

/** Whether a value fits a schema of the document. */
export const validate = (document: OpenApi, schema: object, value: unknown) =>
  new Validator({ ...schema, components: document.components } as object, "2020-12", false).validate(value);

const resolve = (document: OpenApi, pointer: string): unknown =>
  pointer
    .slice(2)
    .split("/")
    .reduce((value: unknown, step) => (value as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")], document);
