/// <reference types="vite/client" />

interface ViteTypeOptions {
  /** What is not named here is no `any`, but an error. */
  readonly strictImportMetaEnv: unknown;
}

interface ImportMetaEnv {
  /** Where the Worker is. Vite puts it into the page when it builds or serves it. */
  readonly VITE_REJOINDER_URL?: string;
}
