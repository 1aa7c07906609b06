/** A turn to ask the server something. */
export type Slot = {
    /** How long the server may be asked to wait with its answer, in s. */
    readonly waitSeconds: number;
    /** @param hasPaid whether the answer is what the wait was for */
    release(hasPaid: boolean): void;
};
/** A bounded number of exchanges at once. */
export type Slots = {
    /**
     * @param waitSeconds how long the caller would like the server to wait
     * @param operation what is sent, if the exchange sends something
     */
    take(waitSeconds: number, operation?: string): Promise<Slot>;
};
/**
 * A server that waits with its answer keeps a connection busy, and a browser has six of them. So at most half of the exchanges wait long, and
 * none of them while others queue. What is sent meanwhile waits briefly, since a quick reply then needs no second exchange. The client learns
 * how many requests of an operation may do so at once: a wait that has paid adds one, a wait in vain halves them. So slow operations soon
 * leave the connections to the others.
 */
export declare const createSlots: (count: number) => Slots;
