/** One event of a stream. */
export type StreamEvent = { readonly type: string; readonly id: string; readonly data: unknown };

/**
 * Reads a stream of events (HTML Standard §9.2), each of which has its data as JSON in one line. Calls back with what has come whole, also with
 * nothing if only a comment came, until that returns true or the stream ends. Rejects if the stream is cut.
 */
export const readEvents = async (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEvents: (events: readonly StreamEvent[]) => boolean,
): Promise<void> => {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() as string;
    if (onEvents(blocks.filter((block) => /^data:/m.test(block)).map(readEvent))) return reader.cancel();
  }
};

const readEvent = (block: string): StreamEvent => {
  const field = (name: string): string => RegExp(`^${name}: ?(.*)`, "m").exec(block)?.[1] ?? "";
  return { type: field("event"), id: field("id"), data: JSON.parse(field("data")) };
};
