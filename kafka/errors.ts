import {
  AuthenticationError,
  GenericError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  TimeoutError,
  UnsupportedApiError,
  UnsupportedError,
  UserError,
} from "@platformatic/kafka";
import { KafkaError, type KafkaErrorCode } from "./kafka-error.ts";
import { isOfStaleMetadata, protocolErrorOf } from "./library.ts";
import { codeOfProtocolError } from "./protocol-errors.ts";

export type Doing = {
  /** Whether records were on their way to a broker: then silence, or a lost connection, does not say that they were not stored. */
  readonly mayHaveBeenStored: boolean;
};

/**
 * Anything that the client library throws, as one of ours: the only place that knows its errors. They are told apart by class and by the
 * names of Kafka's protocol, never by text, and not by the library's `code`, which a timeout shares with a lost connection.
 */
export const kafkaErrorOf = (error: unknown, { mayHaveBeenStored }: Doing = { mayHaveBeenStored: false }): KafkaError => {
  if (error instanceof KafkaError) return error;
  const found = reasonsOf(error).map((reason) => translate(reason, mayHaveBeenStored));
  const [worst] = found.toSorted((one, other) => URGENCY.indexOf(one.code) - URGENCY.indexOf(other.code));
  return new KafkaError(worst?.code ?? "unexpected", worst?.detail, { cause: error, protocolError: worst?.protocolError });
};

/** An error that an answer carries as a number. @param what it concerns, as people write it */
export const errorOfCode = (errorCode: number, what: string): KafkaError => {
  const error = new ProtocolError(errorCode);
  const { code, protocolError } = kafkaErrorOf(error);
  return new KafkaError(code, `${protocolError ?? errorCode} at ${what}`, { cause: error, protocolError });
};

type Reason = { readonly code: KafkaErrorCode; readonly detail: string; readonly protocolError?: string };

/** Of several reasons, the one to tell: that a record may have been stored outweighs all others, and what passes by itself comes last. */
const URGENCY: readonly KafkaErrorCode[] = [
  "unknown",
  "misconfigured",
  "unauthorized",
  "unknown-topic",
  "rebalanced",
  "too-large",
  "out-of-range",
  "topic-exists",
  "rejected",
  "unexpected",
  "unavailable",
];

/** The errors that began it, without those that only wrap them. */
const reasonsOf = (error: unknown): readonly unknown[] => {
  // The library's own, and Node's when each address of a host refuses.
  if (error instanceof MultipleErrors || error instanceof AggregateError) return error.errors.flatMap(reasonsOf);
  return error instanceof NetworkError && error.cause !== undefined ? reasonsOf(error.cause) : [error];
};

const withoutStop = (text: string): string => text.replace(/\.$/, "");

const ADDRESS = "check KAFKA_SSL, and the ports in KAFKA_BROKERS";
const LOGIN = "KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD";

const translate = (error: unknown, mayHaveBeenStored: boolean): Reason => {
  const lost = mayHaveBeenStored ? "unknown" : "unavailable";
  if (error instanceof ProtocolError) {
    const { name, message } = protocolErrorOf(error);
    const detail = message ? `${name}, ${withoutStop(message)}` : name;
    return { code: codeOfProtocolError(name, mayHaveBeenStored), detail, protocolError: name };
  }
  if (error instanceof AuthenticationError) return { code: "misconfigured", detail: `it refused the login; check ${LOGIN}` };
  if (error instanceof UserError) return { code: "misconfigured", detail: `${withoutStop(error.message)}; ${ADDRESS}` };
  if (error instanceof UnsupportedApiError || error instanceof UnsupportedError)
    return { code: "misconfigured", detail: `the brokers are too old or too new for this client (${withoutStop(error.message)})` };
  // Of metadata that named a broker which is not there any more: nothing was sent.
  if (error instanceof NetworkError && isOfStaleMetadata(error)) return { code: "unavailable", detail: "a broker is gone" };
  if (error instanceof TimeoutError) return { code: lost, detail: "it did not answer in time" };
  if (error instanceof NetworkError)
    return { code: lost, detail: `it closed the connection; if that is always so, check KAFKA_SSL, ${LOGIN}` };
  if (error instanceof GenericError) return { code: mayHaveBeenStored ? "unknown" : "unexpected", detail: error.message };
  return ofSystem(error, lost);
};

/** Errors of Node's own sockets, and whatever else is thrown. */
const ofSystem = (error: unknown, lost: KafkaErrorCode): Reason => {
  const { code, syscall, address, port, hostname, message } = (error ?? {}) as Partial<SystemError>;
  const where = hostname ?? `${address}:${port}`;
  if (typeof code !== "string") return { code: lost === "unknown" ? "unknown" : "unexpected", detail: message ?? String(error) };
  if (TRUST.test(code))
    return {
      code: "misconfigured",
      detail: `its certificate is not trusted (${code}); set KAFKA_SSL_CA_FILE to the authority that signed it`,
    };
  if (TLS.test(code)) return { code: "misconfigured", detail: `TLS failed (${code}); ${ADDRESS}` };
  if (code === "ENOTFOUND")
    return { code: "unavailable", detail: `there is no host ${where}; check KAFKA_BROKERS, and the brokers' advertised.listeners` };
  if (syscall === "connect" || code === "EAI_AGAIN")
    return { code: "unavailable", detail: `no connection to ${where} (${code}); check KAFKA_BROKERS` };
  if (code === "ENOENT" || code === "EACCES") return { code: "misconfigured", detail: `KAFKA_TOKEN_FILE cannot be read (${code})` };
  return { code: lost, detail: `the connection was lost (${code})` };
};

type SystemError = NodeJS.ErrnoException & { readonly address: string; readonly port: number; readonly hostname: string };

/** Node's names of what can be wrong with a chain of certificates. */
const TRUST = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;
const TLS = /^(ERR_SSL_|ERR_TLS_|EPROTO$)/;
