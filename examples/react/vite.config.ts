import { defineConfig } from "vite";

export default defineConfig({
  // Another port would be another origin, which CORS_ORIGINS does not name.
  server: { port: 5173, strictPort: true },
  // Nothing inline, so that a strict Content-Security-Policy lets the page run.
  build: { assetsInlineLimit: 0 },
});
