import * as z from "zod";
import { type Environment, readEnvironment } from "../../../environment/environment.ts";
import { metricsVariables } from "../../../environment/process-variables.ts";
import { demandOfWorker, workerSchema } from "../../config.ts";
import type { IdentitySettings } from "../../identity/config.ts";

/** What a Worker on Node reads. How it produces, and where it listens, is for whoever opens it. */
const schema = workerSchema.extend({
  REPLY_STORE: z.literal("mailbox", "Expected mailbox: only Cloudflare has Workers KV.").default("mailbox"),
  /** Nothing acknowledged is lost, unless somebody decides otherwise. */
  MAILBOX_FSYNC: z.enum(["always", "os"], "Expected always or os.").default("always"),
  /** The header in which a reverse proxy says from where a call comes. Absent: the address of the connection is the caller's. */
  CLIENT_ADDRESS_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, "Expected the name of a header, such as X-Forwarded-For.")
    .optional(),
  ...metricsVariables,
});

export type NodeHostConfig = Readonly<z.output<typeof schema>>;

/**
 * Reads the variables of a Worker on Node: those of every Worker, but for how to produce, and those of this host.
 * @throws ConfigurationError with every problem.
 */
export const readNodeHostConfig = (environment: Environment, settings: IdentitySettings = {}): NodeHostConfig =>
  readEnvironment(schema, environment, demandOfWorker(settings));
