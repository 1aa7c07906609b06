import type { SourceConfig } from "../config.ts";
import type { EventLog } from "./event-log.ts";

/** The events beside the requests of a consumer. Each driver is loaded where it is used. It connects when it is first needed. */
export const openEventLog = async (source: SourceConfig): Promise<EventLog> => {
  if (source.kind === "kafka") {
    const { kafkaLog } = await import("./kafka-log.ts");
    return kafkaLog(source);
  }
  const { restLog } = await import("./rest-log.ts");
  return restLog(source);
};
