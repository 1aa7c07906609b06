import { init } from "redoc/bundles/redoc.standalone.js";

/** The two descriptions of the API, by what the address of the page says. */
const DOCUMENTS = { openapi: "/openapi.json", asyncapi: "/asyncapi.json" } as const;

const shown = new URLSearchParams(location.search).has("messages") ? "asyncapi" : "openapi";
document.querySelector(`nav [data-document=${shown}]`)?.setAttribute("aria-current", "page");
init(
  DOCUMENTS[shown],
  { disableTelemetry: true, router: "hash", hideDownloadButtons: true },
  document.querySelector("#reference"),
);
