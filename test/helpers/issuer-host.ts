import { exportJWK, generateKeyPair } from "jose";
import { type Served, serve } from "./served.ts";

type Document = { readonly text: string; readonly status: number; readonly location: string | undefined };

/**
 * Starts an HTTP server for what issuers of tokens publish. `PUT` puts a document at a path, with the status of header `x-status`; `GET` answers it;
 * `GET` with header `x-count` says how often it was read.
 */
export const startIssuerHost = async (): Promise<Served> => {
  const documents = new Map<string, Document>();
  const reads = new Map<string, number>();
  return serve((request, response) => {
    const path = request.url ?? "/";
    if (request.headers["x-count"] !== undefined) return void response.end(String(reads.get(path) ?? 0));
    if (request.method !== "PUT") {
      reads.set(path, (reads.get(path) ?? 0) + 1);
      const { text, status, location } = documents.get(path) ?? { text: "", status: 404, location: undefined };
      return void response.writeHead(status, location === undefined ? {} : { location }).end(text);
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const status = Number(request.headers["x-status"] ?? 200);
      documents.set(path, { text: Buffer.concat(chunks).toString(), status, location: request.headers.location });
      response.end();
    });
  });
};

/** Publishes an issuer: its metadata, and one key. @returns the private key as JSON */
export const publishIssuer = async (issuer: string): Promise<string> => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const put = (path: string, body: unknown) => fetch(issuer + path, { method: "PUT", body: JSON.stringify(body) });
  const keyOf = async (key: Parameters<typeof exportJWK>[0]) => ({ ...(await exportJWK(key)), kid: "1", alg: "ES256" });
  await put("/.well-known/openid-configuration", { issuer, jwks_uri: `${issuer}/jwks` });
  await put("/jwks", { keys: [await keyOf(publicKey)] });
  return JSON.stringify(await keyOf(privateKey));
};
