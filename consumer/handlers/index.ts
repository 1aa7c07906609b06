import type { operations } from "../../contract/operations.ts";
import type { Handlers } from "../handler.ts";
import { echo } from "./echo.ts";
import { report } from "./report.ts";
import { sum } from "./sum.ts";

/** One handler for each operation of the contract: leaving one out does not compile. */
export const handlers = { sum, echo, report } satisfies Handlers<typeof operations>;
