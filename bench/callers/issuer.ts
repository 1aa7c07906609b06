import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { ProcessEnvironment } from "../../cli/start/part-environments.ts";

/** How most issuers sign. */
export const ALGORITHMS = ["RS256", "ES256"] as const;

type Algorithm = (typeof ALGORITHMS)[number];

const AUDIENCE = "bench";

/** An issuer of tokens on this machine, which serves its keys. */
export type Issuer = AsyncDisposable & {
  /** What a Worker needs in order to take its tokens. */
  readonly variables: ProcessEnvironment;
  /** A token for an hour. */
  sign(algorithm: Algorithm, subject: string): Promise<string>;
};

export const startIssuer = async (): Promise<Issuer> => {
  const pairs = Object.fromEntries(
    await Promise.all(ALGORITHMS.map(async (algorithm) => [algorithm, await generateKeyPair(algorithm)] as const)),
  );
  const pairOf = (algorithm: Algorithm) => pairs[algorithm] as Awaited<ReturnType<typeof generateKeyPair>>;
  const keys = await Promise.all(
    ALGORITHMS.map(async (algorithm) => ({
      ...(await exportJWK(pairOf(algorithm).publicKey)),
      kid: algorithm,
      alg: algorithm,
      use: "sig",
    })),
  );
  const server = createServer(
    (_, response) => void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys })),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    variables: { JWT_ISSUER: issuer, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URL: `${issuer}jwks` },
    sign: (algorithm, subject) =>
      new SignJWT({ scope: "requests:* status:read" })
        .setProtectedHeader({ alg: algorithm, kid: algorithm, typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(pairOf(algorithm).privateKey),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
};
