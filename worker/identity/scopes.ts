import type { Contract } from "../../contract/contract.ts";
import { OPERATOR } from "./principal.ts";

/** All scopes that a caller of these operations can have. */
export const scopesOf = (contract: Contract): readonly string[] => [
  "requests:*",
  ...Object.keys(contract).map((operation) => `requests:${operation}`),
  "status:read",
  OPERATOR,
];
