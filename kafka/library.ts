import {
  type Admin,
  type API,
  type Broker,
  type Connection,
  kGetApi,
  kGetBootstrapConnection,
  type NetworkError,
  type Producer,
  type ProtocolError,
  ResponseError,
} from "@platformatic/kafka";

/**
 * The one file that touches what `@platformatic/kafka` does not promise: single requests of Kafka's protocol, and the untyped members of its
 * errors. Its version is pinned; whoever raises it looks here.
 */

/** Requests of Kafka's protocol. The library's own calls join groups, repeat, and fail as a whole where one partition fails. */
export type Requests = {
  /**
   * Sends a request once, in the newest version that the broker and the library share. Without a broker it goes to any.
   * @throws what the library throws
   */
  ask<Response>(broker: Broker | undefined, name: string, ...args: readonly unknown[]): Promise<Response>;
  /** The version that `ask` would use. */
  versionOf(name: string): Promise<number>;
};

/** Finds a request by its name, in the newest version that the brokers and the library share. */
export type Apis = (name: string) => Promise<API<unknown[], unknown>>;

/** Asks the brokers once for each name. */
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
    if (broker !== undefined) return connectTo(client, broker);
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

/** The client's connection to a broker. Rejects while there is none: then nothing was sent. */
export const connectTo = (client: Admin | Producer<Buffer, Buffer, Buffer, Buffer>, broker: Broker): Promise<Connection> =>
  client.connections.get(broker);

/**
 * The whole answer, also where part of it is an error, for which the library throws it away. The error codes are in the answer.
 * @throws what the library throws if there was no answer
 */
export const wholeAnswer = async <Response>(asked: Promise<Response>): Promise<Response> => {
  try {
    return await asked;
  } catch (error) {
    const response = responseIn<Response>(error);
    if (response === undefined) throw error;
    return response;
  }
};

/** The answer that an error of the library carries, if a broker answered at all. */
export const responseIn = <Response>(error: unknown): Response | undefined => {
  if (error instanceof ResponseError) return error["response"] as Response;
  return error instanceof AggregateError ? error.errors.map(responseIn<Response>).find((found) => found !== undefined) : undefined;
};

/** The name of an error in Kafka's protocol, and what the broker said of it. */
export const protocolErrorOf = (error: ProtocolError): { readonly name: string; readonly message: string | undefined } => ({
  name: String(error["apiId"]),
  message: (error["serverErrorMessage"] as string | null | undefined) ?? undefined,
});

/** Whether a broker that the library remembered is not there any more. Nothing was sent then. */
export const isOfStaleMetadata = (error: NetworkError): boolean => error["hasStaleMetadata"] === true;
