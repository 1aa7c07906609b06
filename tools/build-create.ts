import { buildCreatePackage } from "./create-package.ts";

await buildCreatePackage();
console.log("built build/create-rejoinder: npm pack ./build/create-rejoinder, or npm publish ./build/create-rejoinder");
