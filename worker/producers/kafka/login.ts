import { fromBase64, toBase64 } from "../../../protocol/base64.ts";
import { BrokerError } from "./broker-error.ts";

/** How to log in to a broker. */
export type Login = {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
};

/** Sends bytes of a login, and resolves to the broker's. @throws BrokerError if it refuses them */
export type Exchange = (bytes: Uint8Array) => Promise<Uint8Array>;

/** RFC 7677 §4 asks for no fewer. */
const LEAST_ITERATIONS = 4_096;
/** The most that Workers calculate. A broker that could ask for any number could keep this one busy. */
const MOST_ITERATIONS = 100_000;
const NONCE_BYTES = 24;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Logs in by PLAIN (RFC 4616), or by SCRAM (RFC 5802), where the broker too must prove that it knows the password.
 *
 * Both want user and password prepared by SASLprep. Kafka stores and compares them as they are, and so do its clients: a prepared password would
 * be another one. Only what SASLprep forbids and no form of it can carry is refused.
 * @throws BrokerError
 */
export const logIn = async ({ mechanism, username, password }: Login, exchange: Exchange, nonce = newNonce()): Promise<void> => {
  for (const [name, text] of [["KAFKA_USERNAME", username] as const, ["KAFKA_PASSWORD", password] as const])
    if (/\p{Cc}|\p{Cs}/u.test(text))
      throw new BrokerError("rejected", `${name} has a control character, or half of a character, in it. Kafka takes neither.`);
  if (mechanism === "PLAIN") await exchange(encoder.encode(`\0${username}\0${password}`));
  else await scram(mechanism === "SCRAM-SHA-256" ? "SHA-256" : "SHA-512", { username, password }, exchange, nonce);
};

const newNonce = (): string => toBase64(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));

const scram = async (
  hash: "SHA-256" | "SHA-512",
  { username, password }: Pick<Login, "username" | "password">,
  exchange: Exchange,
  nonce: string,
): Promise<void> => {
  const first = `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  const challenge = decoder.decode(await exchange(encoder.encode(`n,,${first}`)));
  const [, bothNonces = "", salt = "", iterations = ""] = /^r=([!-+\--~]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,9})$/.exec(challenge) ?? [];
  const saltBytes = fromBase64(salt);
  if (!bothNonces.startsWith(nonce) || bothNonces === nonce || saltBytes === undefined)
    throw new BrokerError("rejected", "The broker's challenge is not one of SCRAM.");
  if (Number(iterations) < LEAST_ITERATIONS || Number(iterations) > MOST_ITERATIONS)
    throw new BrokerError(
      "rejected",
      `Kafka asks for ${iterations} iterations. Store the password again with ${LEAST_ITERATIONS} to ${MOST_ITERATIONS}: fewer are unsafe, and Workers calculate no more.`,
    );

  const secret = await crypto.subtle.importKey("raw", encoder.encode(password), "PBKDF2", false, ["deriveBits"]);
  const derivation = { name: "PBKDF2", hash, salt: saltBytes, iterations: Number(iterations) };
  const salted = await crypto.subtle.deriveBits(derivation, secret, hash === "SHA-256" ? 256 : 512);
  const keyed = async (key: ArrayBuffer) => crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign", "verify"]);
  const sign = async (key: ArrayBuffer, text: string) => crypto.subtle.sign("HMAC", await keyed(key), encoder.encode(text));

  const last = `c=biws,r=${bothNonces}`;
  const signed = `${first},${challenge},${last}`;
  const clientKey = await sign(salted, "Client Key");
  const signature = new Uint8Array(await sign(await crypto.subtle.digest(hash, clientKey), signed));
  const proof = new Uint8Array(clientKey).map((byte, index) => byte ^ (signature[index] as number));
  const answer = decoder.decode(await exchange(encoder.encode(`${last},p=${toBase64(proof)}`)));

  const [, theirs = ""] = /^v=([A-Za-z0-9+/]+={0,2})$/.exec(answer) ?? [];
  const serverKey = await keyed(await sign(salted, "Server Key"));
  if (!(await crypto.subtle.verify("HMAC", serverKey, fromBase64(theirs) ?? new Uint8Array(), encoder.encode(signed))))
    throw new BrokerError(
      "rejected",
      "The broker took the login, but did not prove that it knows the password. It may not be yours: check KAFKA_BROKERS.",
    );
};
