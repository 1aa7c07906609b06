import type { operations } from "../../contract/operations.ts";
import type { Handler } from "../handler.ts";

/** Sends back what came. */
export const echo: Handler<typeof operations.echo> = (request) => request;
