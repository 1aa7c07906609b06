const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** Up to this length a list is faster than a set, and too short to slow the gateway down on purpose. */
const FEW = 16;

/**
 * The first member that an object has twice; undefined if none has. `JSON.parse` takes the last one without a word.
 * @param text JSON that is known to be well-formed
 */
export const repeatedMember = (text: string): string | undefined => {
  /** The names seen so far in the objects that are open here, from the outermost. */
  const open: (string[] | Set<string>)[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === OPENING) open[(depth += 1)] = [];
    else if (code === CLOSING) depth -= 1;
    else if (code === QUOTE) {
      const end = endOfString(text, at);
      if (isName(text, end + 1)) {
        const name = nameBetween(text, at, end);
        const seen = open[depth] as string[] | Set<string>;
        if (Array.isArray(seen)) {
          if (seen.includes(name)) return name;
          if (seen.push(name) > FEW) open[depth] = new Set(seen);
        } else if (seen.has(name)) return name;
        else seen.add(name);
      }
      at = end;
    }
  }
  return undefined;
};

/** The index of the closing quote of the string that begins at `start`. */
const endOfString = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1);
  while (text.charCodeAt(end - 1) === BACKSLASH && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
};

const isEscaped = (text: string, at: number): boolean => {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 0;
};

/** Whether the string that ended here is the name of a member: then a colon follows, perhaps after white space. */
const isName = (text: string, after: number): boolean => {
  let at = after;
  let code = text.charCodeAt(at);
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt((at += 1));
  return code === COLON;
};

const nameBetween = (text: string, start: number, end: number): string => {
  const name = text.slice(start + 1, end);
  return name.includes("\\") ? (JSON.parse(`"${name}"`) as string) : name;
};
