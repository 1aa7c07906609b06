/** 47 bytes as base64url without padding. Only the Worker knows what they say, but for the shard. */
const SHAPE = /^[A-Za-z0-9_-]{63}$/;

/** Whether a string could be a correlation ID. Only the Worker can verify it, because it has the secret. */
export const isCorrelationIdShape = (text: string): boolean => SHAPE.test(text);

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The mailbox shard that a correlation ID names: its second and third byte. Says nothing of whether the ID is genuine. */
export const shardOfCorrelationId = (text: string): number => {
  let bits = 0;
  for (let index = 0; index < 4; index++) bits = bits * 64 + ALPHABET.indexOf(text.charAt(index));
  return bits & 0xffff;
};
