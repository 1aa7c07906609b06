import { type Admin, type API, type Broker, type Connection, kGetApi, kGetBootstrapConnection, ResponseError } from "@platformatic/kafka";

/**
 * Calls of Kafka's protocol themselves: what the library's clients make of them begins groups, repeats, and fails as a whole where one
 * partition fails.
 */
export type Requests = {
  /** Asks a broker, in the newest version that it and the library have in common. Rejects with what the library throws. */
  ask<Response>(broker: Broker | undefined, name: string, ...args: readonly unknown[]): Promise<Response>;
  /** The version that `ask` would use. */
  versionOf(name: string): Promise<number>;
};

/** Requests on connections of their own, for what waits. */
export type Line = { readonly requests: Requests; close(): Promise<void> };

/** The calls that broker and library have in common, by their names, each in its newest version. */
export type Apis = (name: string) => Promise<API<unknown[], unknown>>;

/** Asks once, through a client that knows its way. */
export const createApis = (client: Admin): Apis => {
  const apis = new Map<string, ReturnType<Apis>>();
  return (name) => {
    const known = apis.get(name);
    if (known !== undefined) return known;
    const { promise, resolve, reject } = Promise.withResolvers<API<unknown[], unknown>>();
    apis.set(name, promise);
    client[kGetApi]<unknown[], unknown>(name, (error, api) => {
      if (api !== undefined) return resolve(api);
      apis.delete(name);
      reject(error);
    });
    return promise;
  };
};

/** @param client whose connections are used: one to each broker, on which an answer that waits keeps all others waiting */
export const createRequests = (client: Admin, apis: Apis): Requests => {
  const connect = (broker: Broker | undefined): Promise<Connection> => {
    if (broker !== undefined) return client.connections.get(broker);
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    client[kGetBootstrapConnection]((error, connection) => (connection === undefined ? reject(error) : resolve(connection)));
    return promise;
  };

  return {
    async ask<Response>(broker: Broker | undefined, name: string, ...args: readonly unknown[]): Promise<Response> {
      const [api, connection] = await Promise.all([apis(name), connect(broker)]);
      return (await api.async(connection, ...args)) as Response;
    },
    versionOf: async (name) => (await apis(name)).version,
  };
};

/** The answer, also where some part of it is an error: the error is said there, too. */
export const wholeAnswer = async <Response>(asked: Promise<Response>): Promise<Response> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ResponseError) return error["response"] as Response;
    throw error;
  }
};
