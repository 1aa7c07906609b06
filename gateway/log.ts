import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { GatewayConfig } from "./config.ts";

/** The gateway's log on stdout: JSON, or short lines for people. */
export const createLog = ({ LOG_LEVEL, LOG_FORMAT }: Pick<GatewayConfig, "LOG_LEVEL" | "LOG_FORMAT">): Logger =>
  LOG_FORMAT === "json"
    ? pino({ level: LOG_LEVEL, base: undefined })
    : pino({ level: LOG_LEVEL, base: undefined }, pretty({ sync: true, ignore: "time,pid,hostname", singleLine: true }));
