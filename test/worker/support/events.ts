/** A server-sent event; a comment has no name, and neither has a time to come back. */
export type TestEvent = {
  readonly id?: string;
  readonly event?: string;
  readonly data?: unknown;
  readonly retry?: string;
  readonly comment?: string;
};

export type TestEvents = {
  /** The next event; undefined if the stream has ended. */
  next(): Promise<TestEvent | undefined>;
  /** All that are left, once the stream has ended. */
  rest(): Promise<TestEvent[]>;
  /** Goes away. */
  cancel(): Promise<void>;
};

/** Reads the events of a response one by one, each whole. */
export const readEvents = (response: Response): TestEvents => {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let buffered = "";
  const next = async (): Promise<TestEvent | undefined> => {
    for (;;) {
      const end = buffered.indexOf("\n\n");
      if (end >= 0) {
        const block = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        return parse(block);
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      buffered += decoder.decode(value, { stream: true });
    }
  };
  return {
    next,
    async rest() {
      const events: TestEvent[] = [];
      for (let event = await next(); event !== undefined; event = await next()) events.push(event);
      return events;
    },
    cancel: () => reader.cancel(),
  };
};

const parse = (block: string): TestEvent => {
  const event: Record<string, unknown> = {};
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
    event[name === "" ? "comment" : name] = name === "data" ? JSON.parse(value) : value;
  }
  return event as TestEvent;
};
