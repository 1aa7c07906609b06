import { RejoinderError } from "../../protocol/errors.ts";
import { problemOf } from "../../protocol/problem.ts";
import type { Redriver } from "../redrive.ts";
import { unproducedError } from "../responses.ts";
import { type Redrive, readRefusal } from "./redrive-letter.ts";

/** Redrives in this Worker. @throws RejoinderError for what may pass */
export const localRedrive =
  (redrive: Redriver): Redrive =>
  async (request) => {
    try {
      const { id, result } = await redrive(request);
      if (result.outcome !== "stored") throw unproducedError(id, result);
      return { outcome: "redriven", correlationId: id.text, before: false };
    } catch (error) {
      const refusal = error instanceof RejoinderError ? readRefusal(problemOf(error), request.correlationId) : undefined;
      if (refusal === undefined) throw error;
      return refusal;
    }
  };
