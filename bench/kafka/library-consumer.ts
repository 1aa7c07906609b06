import { Consumer, type GroupOptions } from "@platformatic/kafka";
import { clientOptions } from "../../kafka/clients.ts";
import type { KafkaConnection } from "../../kafka/config.ts";

/** The consumer of the library itself, for comparison. Everything is bytes, and commits are by hand. */
export const createConsumerClient = (connection: KafkaConnection, options: GroupOptions & { readonly groupId: string }) =>
  new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...clientOptions(connection), autocommit: false, ...options });
