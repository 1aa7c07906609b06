#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say what is wrong before it meets TypeScript.
import { expectNode } from "./node-version.js";

expectNode();
const { main } = await import("./main.ts");
await main(process.argv.slice(2));
