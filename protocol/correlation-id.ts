/** 47 bytes as base64url without padding. What they say is known to the Worker only. */
const SHAPE = /^[A-Za-z0-9_-]{63}$/;

/** Whether a string could be a correlation ID. Only the Worker, which has the secret, can tell whether it is one. */
export const isCorrelationIdShape = (text: string): boolean => SHAPE.test(text);
