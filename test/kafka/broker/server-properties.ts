import { addressOf, type Ports, USERS } from "./listeners.ts";

export type Server = { readonly id: number; readonly ports: Ports; readonly logFolder: string };

/** A node's `server.properties`: broker and controller in one, of a cluster of these nodes. */
export const serverProperties = (
  { id, ports, logFolder }: Server,
  cluster: { readonly nodes: readonly Pick<Server, "id" | "ports">[]; readonly keystore: Keystore },
): string => {
  const replicas = cluster.nodes.length;
  const insync = Math.min(2, replicas);
  const outside = `PLAINTEXT://${addressOf(ports.plaintext)},SASL://${addressOf(ports.sasl)},TLS://${addressOf(ports.tls)}`;
  const properties = {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": cluster.nodes.map((node) => `${node.id}@${addressOf(node.ports.controller)}`).join(","),
    listeners: `${outside},CONTROLLER://${addressOf(ports.controller)}`,
    "advertised.listeners": outside,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": logFolder,
    "default.replication.factor": replicas,
    "min.insync.replicas": insync,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 4, // 50 would take longer to make than a suite to run
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": insync,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": insync,
    "auto.create.topics.enable": false,
    "group.initial.rebalance.delay.ms": 0,
    // A node that was killed may come back only when its old session is over.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    ...saslProperties(),
    ...tlsProperties(cluster.keystore),
    // Who comes without SASL is in charge; of those who log in, only the admin.
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:admin",
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
};

export type Keystore = { readonly file: string; readonly password: string };

const saslProperties = (): Record<string, string> => {
  const users = Object.entries(USERS).map(([name, password]) => `user_${name}="${password}"`);
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  return {
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    "listener.name.sasl.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required ${users.join(" ")};`,
    "listener.name.sasl.scram-sha-256.sasl.jaas.config": scram,
    "listener.name.sasl.scram-sha-512.sasl.jaas.config": scram,
    // Takes tokens that nobody has signed.
    "listener.name.sasl.oauthbearer.sasl.jaas.config":
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
  };
};

const tlsProperties = ({ file, password }: Keystore): Record<string, string> => ({
  "listener.name.tls.ssl.keystore.type": "PKCS12",
  "listener.name.tls.ssl.keystore.location": file,
  "listener.name.tls.ssl.keystore.password": password,
  "listener.name.tls.ssl.key.password": password,
});
