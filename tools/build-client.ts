import { buildClientPackage } from "./client-package.ts";

await buildClientPackage();
console.log("built build/client: npm pack ./build/client, or npm publish ./build/client");
