import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "../../client/index.ts";
import type { contract } from "../../test/project/app/contract.ts";
import { App } from "./app.tsx";

// The type of the contract alone: its schemas need not be in the page.
const client = createClient<typeof contract>({ url: import.meta.env.VITE_REJOINDER_URL ?? "http://localhost:8787" });

createRoot(document.querySelector("#root") as HTMLElement).render(
  <StrictMode>
    <App client={client} />
  </StrictMode>,
);
