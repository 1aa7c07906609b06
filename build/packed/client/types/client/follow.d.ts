import type { StatusBody } from "../protocol/status.js";
import type { Fail } from "./client-error.js";
import type { Exchange } from "./exchange.js";
/** What there is to send, or to ask about. */
export type Work = Sending | {
    readonly correlationId: string;
};
export type Sending = {
    readonly operation: string;
    readonly body: string;
    /** How long the POST may wait for the reply, in s. Its answer names the request, so nobody can ask about it before. */
    readonly waitSeconds: number;
};
export type FollowSeams = {
    readonly exchange: Exchange;
    readonly fail: Fail;
    readonly signal: AbortSignal;
    /** Told the correlation ID as soon as it is known. */
    readonly onNamed: (correlationId: string) => void;
    /** Told, perhaps more than once, when it is certain that Kafka has the request. */
    readonly onAccepted: () => void;
    /** Told of each status that is news. */
    readonly onStatus: (status: StatusBody) => void;
};
/** Sends what is to be sent, and follows it to its end. Resolves to the reply. @throws ClientError */
export declare const follow: (work: Work, seams: FollowSeams) => Promise<unknown>;
