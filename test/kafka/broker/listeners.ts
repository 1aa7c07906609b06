import { freePort } from "../../helpers/processes.ts";

/** Where one node listens: `plaintext` for anybody, `sasl` and `tls` for those who are tested with them. */
export type Ports = { readonly plaintext: number; readonly controller: number; readonly sasl: number; readonly tls: number };

/** Who may log in at the SASL listener, by PLAIN and by SCRAM: `admin` may everything, `guest` nothing. */
export const USERS = { admin: "admin-secret", guest: "guest-secret" } as const;

export const freePorts = async (): Promise<Ports> => {
  const [plaintext, controller, sasl, tls] = (await Promise.all([1, 2, 3, 4].map(freePort))) as [number, number, number, number];
  return { plaintext, controller, sasl, tls };
};

export const addressOf = (port: number): string => `127.0.0.1:${port}`;
