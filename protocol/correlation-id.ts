/** 47 bytes as base64url without padding. Only the Worker knows what they say. */
const SHAPE = /^[A-Za-z0-9_-]{63}$/;

/** Whether a string could be a correlation ID. Only the Worker can verify it, because it has the secret. */
export const isCorrelationIdShape = (text: string): boolean => SHAPE.test(text);
