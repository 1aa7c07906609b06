import { Consumer, type GroupOptions } from "@platformatic/kafka";
import { clientOptions } from "../../kafka/clients.ts";
import type { KafkaConnection } from "../../kafka/config.ts";

/** The consumer of the client library itself, which records are read with for comparison: all bytes, and commits by hand. */
export const createConsumerClient = (connection: KafkaConnection, options: GroupOptions & { readonly groupId: string }) =>
  new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...clientOptions(connection), autocommit: false, ...options });
