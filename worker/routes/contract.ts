import { type Contract, describeContract, describeViews } from "../../contract/contract.ts";
import { VERSION } from "../../protocol/version.ts";
import { createDocumentRoute } from "./document.ts";

/** `GET /contract`: the version of the library and what can be asked of this Worker, as JSON Schema (2020-12): operation by operation, view by view. */
export const createContractRoute = (contract: Contract) =>
  createDocumentRoute(() => ({ version: VERSION, operations: describeContract(contract), views: describeViews(contract) }));
