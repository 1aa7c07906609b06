import type { Bindings } from "../../worker/hosts/cloudflare/bindings.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import("../project/app/worker.ts");
      durableNamespaces: "Limits" | "Mailbox";
    }
    interface Env extends Bindings {}
  }
  interface Env extends Bindings {}
}
