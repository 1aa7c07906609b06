import { init } from "redoc/bundles/redoc.standalone.js";

/** The two descriptions of the API. The address of the page says which is shown. */
const DOCUMENTS = { openapi: "/openapi.json", asyncapi: "/asyncapi.json" } as const;

/** How much of the page the bar above the reference takes; docs.css has the same. */
const BAR_PIXELS = 40;

const shown = new URLSearchParams(location.search).has("messages") ? "asyncapi" : "openapi";
document.querySelector(`nav [data-document=${shown}]`)?.setAttribute("aria-current", "page");
init(
  DOCUMENTS[shown],
  { disableTelemetry: true, router: "hash", hideDownloadButtons: true, scrollYOffset: BAR_PIXELS },
  document.querySelector("#reference"),
);
