/** The states in which a request has ended. */
export declare const TERMINAL_STATES: readonly ["succeeded", "failed", "cancelled", "expired"];
/** Every state of a request, in the order in which they can follow one another. */
export declare const STATES: readonly ["accepted", "processing", "succeeded", "failed", "cancelled", "expired"];
export type State = (typeof STATES)[number];
export type TerminalState = (typeof TERMINAL_STATES)[number];
/** What a reply's event type ends in: `sum.succeeded`, `sum.processing`. */
export type ReplyState = Exclude<State, "accepted">;
/** Whether a request in that state will never change again. */
export declare const isTerminal: (state: State) => state is TerminalState;
