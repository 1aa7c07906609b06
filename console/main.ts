import * as z from "zod";

// The page's content security policy forbids eval. Schemas decide how to parse when they are made: so this comes before the contract.
z.config({ jitless: true });
const [{ operations }, { openPage }] = await Promise.all([import("../contract/operations.ts"), import("./page.tsx")]);
openPage(operations);
