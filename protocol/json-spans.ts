import { endOfString } from "./json-shape.ts";

/** A value within JSON text: from its first character to behind its last. */
export type JsonSpan = { readonly start: number; readonly end: number };

/** A member of an object within JSON text. */
export type JsonMember = JsonSpan & { readonly name: string };

const QUOTE = 0x22;
/** `{` and `[` differ in one bit, as `}` and `]` do. */
const OPENING = 0x7b;
const CLOSING = 0x7d;
const BRACE_BIT = 0x20;
const COMMA = 0x2c;

/** The values of the array at `start`, in their order. @param text valid JSON */
export const elementSpans = (text: string, start: number): JsonSpan[] => {
  const spans: JsonSpan[] = [];
  for (let at = skipSpace(text, start + 1); !isClosing(text, at);) {
    const end = endOfValue(text, at);
    spans.push({ start: at, end });
    at = behindComma(text, end);
  }
  return spans;
};

/** The members of the object at `start`, in their order, each as often as it is there. @param text valid JSON */
export const memberSpans = (text: string, start: number): JsonMember[] => {
  const members: JsonMember[] = [];
  for (let at = skipSpace(text, start + 1); !isClosing(text, at);) {
    const endOfName = endOfString(text, at) + 1;
    const name = JSON.parse(text.slice(at, endOfName)) as string;
    // Behind the name and its colon.
    const from = skipSpace(text, skipSpace(text, endOfName) + 1);
    const end = endOfValue(text, from);
    members.push({ name, start: from, end });
    at = behindComma(text, end);
  }
  return members;
};

/** The first character from `at` on that is no space. */
export const skipSpace = (text: string, at: number): number => {
  let here = at;
  while (text.charCodeAt(here) <= 0x20) here += 1;
  return here;
};

const isClosing = (text: string, at: number): boolean => (text.charCodeAt(at) | BRACE_BIT) === CLOSING;

const behindComma = (text: string, at: number): number => {
  const next = skipSpace(text, at);
  return text.charCodeAt(next) === COMMA ? skipSpace(text, next + 1) : next;
};

const endOfValue = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (depth === 0) return at + 1;
    } else if ((code | BRACE_BIT) === OPENING) depth += 1;
    else if ((code | BRACE_BIT) === CLOSING) {
      // Behind a number or a word comes what ends the value around it.
      if (depth === 0) return at;
      if ((depth -= 1) === 0) return at + 1;
    } else if (depth === 0 && (code === COMMA || code <= 0x20)) return at;
  }
  return text.length;
};
