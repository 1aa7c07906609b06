import type { Context } from "hono";
import { createApiCatalog } from "../description/api-catalog.ts";
import { createAsyncApi } from "../description/asyncapi.ts";
import { type DescribedApi, DOCUMENTS } from "../description/described-api.ts";
import { createOpenApi } from "../description/openapi.ts";
import { jsonResponse } from "../responses.ts";
import { createDocumentRoute } from "./document.ts";

const { openapi, asyncapi, catalog } = DOCUMENTS;

/**
 * `GET /openapi.json`, `/asyncapi.json` and `/.well-known/api-catalog`: what this API is, for programs.
 * @param readApi called when somebody asks
 */
export const createDescriptionRoutes = (readApi: () => DescribedApi) =>
  [
    { method: "GET", path: openapi.path, handle: createDocumentRoute(() => createOpenApi(readApi()), openapi.type) },
    { method: "GET", path: asyncapi.path, handle: createDocumentRoute(() => createAsyncApi(readApi()), asyncapi.type) },
    {
      method: "GET",
      path: catalog.path,
      handle: ({ req }: Context): Response =>
        jsonResponse(200, JSON.stringify(createApiCatalog(readApi(), new URL(req.url).origin)), {
          "content-type": catalog.type,
          "cache-control": "no-cache",
          link: `<${catalog.path}>; rel="api-catalog"`,
        }),
    },
  ] as const;
