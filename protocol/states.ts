/** The states in which a request has ended. */
export const TERMINAL_STATES = ["succeeded", "failed", "cancelled", "expired"] as const;
/** Every state of a request, in the order in which they can follow one another. `cancelling`: somebody has asked for it, and it may still end otherwise. */
export const STATES = ["accepted", "processing", "cancelling", ...TERMINAL_STATES] as const;

export type State = (typeof STATES)[number];
export type TerminalState = (typeof TERMINAL_STATES)[number];
/** What a reply's event type ends in: `sum.succeeded`, `sum.processing`. */
export type ReplyState = Exclude<State, "accepted" | "cancelling">;

/** Whether a request in that state will never change again. */
export const isTerminal = (state: State): state is TerminalState => (TERMINAL_STATES as readonly string[]).includes(state);
