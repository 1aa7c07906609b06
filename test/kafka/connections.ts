import { connect } from "node:tls";
import type { KafkaConnection } from "../../kafka/config.ts";

/** A connection as the configuration would describe it. */
export const connectionTo = (brokers: readonly string[], more: Partial<KafkaConnection> = {}): KafkaConnection => ({
  brokers,
  clientId: "test",
  tls: undefined,
  sasl: undefined,
  ...more,
});

/** The certificate that a server shows, in PEM. */
export const certificateOf = (address: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const [host, port] = address.split(":");
    const socket = connect({ host: host ?? "", port: Number(port), rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.end();
      resolve(`-----BEGIN CERTIFICATE-----\n${raw.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`);
    });
    socket.once("error", reject);
  });
