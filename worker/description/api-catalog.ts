import { type DescribedApi, DOCUMENTS } from "./described-api.ts";

/** Where the page for people is, if it is served. */
const DOCS_PATH = "/docs";

/** Where to find what describes this API: a linkset (RFC 9264) as RFC 9727 wants it. @param origin the one that the caller used */
export const createApiCatalog = ({ publicUrl, routes }: Pick<DescribedApi, "publicUrl" | "routes">, origin: string) => {
  const base = publicUrl?.replace(/\/$/, "") ?? origin;
  const hasDocs = routes.some(({ path }) => path === DOCS_PATH);
  return {
    linkset: [
      {
        anchor: `${base}/`,
        "service-desc": [
          { href: base + DOCUMENTS.openapi.path, type: DOCUMENTS.openapi.type },
          { href: base + DOCUMENTS.asyncapi.path, type: DOCUMENTS.asyncapi.type },
        ],
        ...(hasDocs && { "service-doc": [{ href: base + DOCS_PATH, type: "text/html" }] }),
        status: [{ href: `${base}/health`, type: "application/json" }],
      },
    ],
  };
};
