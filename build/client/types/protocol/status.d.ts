import type { Problem } from "./problem.js";
import type { State } from "./states.js";
/** The body of `GET /status/:correlationId` and of every 202. Times are RFC 3339. */
export type StatusBody = {
    readonly correlationId: string;
    /** Not known while nothing but the ID says that the request exists. */
    readonly operation?: string;
    readonly state: State;
    /** 0 while accepted, and one more with each change. */
    readonly version: number;
    readonly acceptedAt: string;
    readonly updatedAt: string;
    readonly deadline: string;
    readonly expiresAt: string;
    readonly attempt?: number;
    /** There in state `succeeded`. */
    readonly reply?: unknown;
    /** There in states `failed`, `cancelled` and `expired`. */
    readonly error?: Problem;
};
