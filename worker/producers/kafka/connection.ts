import { BrokerError, brokerErrorOf, LOST } from "./broker-error.ts";
import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from "./bytes.ts";

/** A TCP connection, with the members of a Worker's socket (https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/) that are used here. */
export type KafkaSocket = {
  readonly opened: Promise<unknown>;
  readonly closed: Promise<unknown>;
  readonly readable: { getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }> } };
  readonly writable: { getWriter(): { write(bytes: Uint8Array): Promise<unknown> } };
  close(): Promise<unknown>;
};

/** Opens a connection, as `connect` of `cloudflare:sockets` does. What is wrong with it shows when it is used. */
export type OpenSocket = (
  address: { readonly hostname: string; readonly port: number },
  options: { readonly secureTransport: "on" | "off"; readonly allowHalfOpen: boolean },
) => KafkaSocket;

/** A request of Kafka's protocol, in one version. */
export type Api = { readonly key: number; readonly version: number };

/** A connection to a broker, on which requests are answered in their order. */
export type Connection = {
  readonly isOpen: boolean;
  /** How many requests are not answered. */
  readonly unanswered: number;
  /**
   * Sends a request at once, behind those that are not answered. Never repeats it.
   * @param capacity about how many bytes `write` writes
   * @throws BrokerError if the connection ends before the answer: then nobody knows what became of the request
   */
  request(api: Api, write: (writer: ByteWriter) => void, capacity?: number): Promise<ByteReader>;
  /** Ends it, and what is not answered, for this reason. */
  close(reason: BrokerError): void;
};

type ConnectionOptions = {
  readonly socket: KafkaSocket;
  readonly clientId: string;
  /** Called once, when the connection has ended. */
  onClosed?(reason: BrokerError): void;
};

/** Far more than the metadata of thousands of partitions. What claims to be larger is not an answer of Kafka. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const HEADER_BYTES = 64;

/** Speaks Kafka's protocol on a socket. */
export const createConnection = ({ socket, clientId, onClosed }: ConnectionOptions): Connection => {
  const writer = socket.writable.getWriter();
  const unanswered: { readonly id: number; resolve(answer: ByteReader): void; reject(reason: BrokerError): void }[] = [];
  let lastId = 0;
  let isOpen = true;

  const close = (reason: BrokerError): void => {
    if (!isOpen) return;
    isOpen = false;
    socket.close().catch(() => {});
    for (const { reject } of unanswered.splice(0)) reject(reason);
    onClosed?.(reason);
  };
  const lost = (cause: unknown): void => close(new BrokerError("unavailable", LOST, { cause }));
  socket.closed.catch(lost);

  const takeFrame = createFrameReader((frame) => {
    const answer = createByteReader(frame);
    const request = unanswered.shift();
    if (request === undefined || answer.int32() !== request.id) {
      if (request !== undefined) unanswered.unshift(request);
      throw notKafka();
    }
    request.resolve(answer);
  });

  const readAll = async (): Promise<void> => {
    const reader = socket.readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !isOpen) return lost(undefined);
      if (value !== undefined) takeFrame(value);
    }
  };
  readAll().catch((error: unknown) => close(brokerErrorOf(error)));

  return {
    get isOpen() {
      return isOpen;
    },
    get unanswered() {
      return unanswered.length;
    },
    request({ key, version }, write, capacity = 0) {
      const { promise, resolve, reject } = Promise.withResolvers<ByteReader>();
      const id = (lastId = (lastId + 1) & 0x7fff_ffff);
      const frame = createByteWriter(capacity + HEADER_BYTES + clientId.length);
      frame.int32(0);
      frame.int16(key);
      frame.int16(version);
      frame.int32(id);
      frame.text(clientId);
      write(frame);
      frame.setInt32(0, frame.length - 4);
      if (!isOpen) return Promise.reject(new BrokerError("unavailable", LOST));
      unanswered.push({ id, resolve, reject });
      // Not awaited, so that the next request can follow at once. Each has a buffer of its own: the socket may still read this one.
      writer.write(frame.finish()).catch(lost);
      return promise;
    },
    close,
  };
};

/** What begins an answer to those who do not speak TLS to a port that does: an alert, of version 3. */
const TLS_ALERT = 0x1503;

const notKafka = (): BrokerError =>
  new BrokerError("rejected", "What answers at an address of KAFKA_BROKERS is not Kafka. Check its hosts and ports.");

/** Collects the chunks of a stream to frames, each behind its size. @throws BrokerError if something else comes */
const createFrameReader = (onFrame: (frame: Uint8Array) => void): ((chunk: Uint8Array) => void) => {
  const head = new Uint8Array(4);
  let headBytes = 0;
  let frame: Uint8Array | undefined;
  let frameBytes = 0;

  const begin = (): Uint8Array => {
    const size = new DataView(head.buffer).getInt32(0);
    if (size >= 4 && size <= MAX_ANSWER_BYTES) return new Uint8Array(size);
    if (size >>> 16 === TLS_ALERT)
      throw new BrokerError("rejected", "Kafka speaks TLS at this port. Set KAFKA_SSL to 1, or check the port.");
    throw notKafka();
  };

  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (frame === undefined) {
        head[headBytes++] = chunk[at++] as number;
        if (headBytes === 4) frame = begin();
        continue;
      }
      const part = chunk.subarray(at, at + frame.length - frameBytes);
      frame.set(part, frameBytes);
      at += part.length;
      frameBytes += part.length;
      if (frameBytes < frame.length) return;
      const complete = frame;
      frame = undefined;
      headBytes = frameBytes = 0;
      onFrame(complete);
    }
  };
};
