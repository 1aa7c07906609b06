import { buildClientPackage } from "./client-package.ts";

await buildClientPackage();
console.log("built dist/client: npm pack ./dist/client, or npm publish ./dist/client");
