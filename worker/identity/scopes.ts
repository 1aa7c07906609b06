import { type Contract, partsOf } from "../../contract/contract.ts";
import { OPERATOR } from "./principal.ts";

/** All scopes that a caller of this contract can have. */
export const scopesOf = (contract: Contract): readonly string[] => {
  const views = [...partsOf(contract).views.keys()];
  return [
    "requests:*",
    ...Object.keys(contract).map((operation) => `requests:${operation}`),
    ...(views.length === 0 ? [] : ["views:*", ...views.map((view) => `views:${view}`)]),
    "status:read",
    OPERATOR,
  ];
};
