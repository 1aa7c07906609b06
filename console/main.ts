import * as z from "zod";

// The page's content security policy forbids eval. Schemas decide how to parse when they are made: so this comes before the contract.
z.config({ jitless: true });
const [{ contract }, { openPage }] = await Promise.all([import("../test/project/app/contract.ts"), import("./page.tsx")]);
openPage(contract);
