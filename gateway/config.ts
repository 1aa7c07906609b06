import * as z from "zod";
import { type Environment, readEnvironment } from "../environment/environment.ts";
import { processVariables } from "../environment/process-variables.ts";
import { commaList, integer } from "../environment/variables.ts";
import { type Credential, parseCredential } from "./credentials.ts";

const TOPIC = /^(?<name>[A-Za-z0-9._-]{1,249}):(?<partitions>\d{1,4})$/;

const credentials = () =>
  commaList().transform((elements, context): Credential[] => {
    const parsed = elements.map(parseCredential);
    const wrong = parsed.flatMap((credential, index) => (credential === undefined ? [index + 1] : []));
    if (wrong.length > 0 || parsed.length === 0)
      context.addIssue({
        code: "custom",
        message: `Expected user:password[:produce|consume|full[:topic-prefix*]], comma-separated; wrong: ${wrong.join(", ") || "there is none"}.`,
      });
    return parsed.filter((credential) => credential !== undefined);
  });

const topics = () =>
  commaList().transform((elements, context): ReadonlyMap<string, number> => {
    const read = new Map<string, number>();
    for (const element of elements) {
      const { name, partitions } = TOPIC.exec(element)?.groups ?? {};
      if (name === undefined || Number(partitions) < 1 || read.has(name))
        context.addIssue({
          code: "custom",
          message: `Expected name:partitions, comma-separated, each name once; got ${JSON.stringify(element)}.`,
        });
      else read.set(name, Number(partitions));
    }
    return read;
  });

const SCHEMA = z.object({
  /** Reachable from this machine only, until somebody decides otherwise. */
  GATEWAY_HOST: z.string().default("127.0.0.1"),
  /** Beside the Worker's 8787. */
  GATEWAY_PORT: integer(0, 65_535).default(8788),
  GATEWAY_DATA_DIR: z.string().default(".rejoinder/gateway"),
  GATEWAY_ENGINE: z.enum(["embedded"], "Expected one of: embedded.").default("embedded"),
  /** Nothing acknowledged is lost, unless somebody decides otherwise. */
  GATEWAY_FSYNC: z.enum(["always", "os"], "Expected one of: always, os.").default("always"),
  GATEWAY_CREDENTIALS: credentials().describe("Set it to user:password[:produce|consume|full[:topic-prefix*]], comma-separated."),
  /** What the Worker and the consumer use: six partitions let six consumers share the work. */
  GATEWAY_TOPICS: topics().default(
    new Map([
      ["requests", 6],
      ["requests-dlt", 1],
    ]),
  ),
  ...processVariables,
});

export type GatewayConfig = Readonly<z.output<typeof SCHEMA>>;

/** @throws ConfigurationError with every problem. */
export const readGatewayConfig = (environment: Environment): GatewayConfig => readEnvironment(SCHEMA, environment);
