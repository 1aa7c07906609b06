import { join } from "node:path";
import type { Contract } from "../../contract/contract.ts";
import { ConfigurationError } from "../../environment/environment.ts";
import { readWorkerConfig } from "../../worker/config.ts";
import { nearestOf } from "../nearest.ts";
import { readWranglerConfig, type WranglerConfig } from "../worker/wrangler.ts";
import { WORKER_VARIABLES } from "../worker/worker-bindings.ts";
import { type Finding, note, ok, wrong } from "./finding.ts";

/** Variables that must not be in wrangler.toml. */
export const WORKER_SECRETS = [
  "CORRELATION_SECRET",
  "REPLY_SECRET",
  "UPSTASH_KAFKA_REST_PASSWORD",
  "KAFKA_REST_PASSWORD",
  "KAFKA_REST_TOKEN",
  "KAFKA_PASSWORD",
] as const;

/** Values in place of secrets that only the deployed Worker knows, so that the rest can be checked. */
const PLACEHOLDERS = { CORRELATION_SECRET: `1:${"x".repeat(32)}`, REPLY_SECRET: `whsec_${btoa("x".repeat(32))}` };

export type ProjectCheck = {
  readonly root: string;
  readonly contract: Contract;
  /** The `[env.NAME]` of wrangler.toml; undefined: the top level. */
  readonly environment: string | undefined;
};

/** Checks a project's configuration of its Worker, without a network. */
export const checkProject = async ({ root, contract, environment }: ProjectCheck): Promise<readonly Finding[]> => {
  const operations = Object.keys(contract);
  const config = await readWranglerConfig(root, environment);
  const where = environment === undefined ? "" : `env.${environment}.`;
  return [
    ok(`The contract has ${operations.length === 1 ? "one operation" : `${operations.length} operations`}: ${operations.join(", ")}.`),
    ...checkBindings(config, where),
    ...checkVariables(config, contract, { where, file: join(root, "wrangler.toml"), environment }),
    ...checkBrokers(config, where),
  ];
};

const checkBindings = (config: WranglerConfig, where: string): readonly Finding[] => {
  const findings: Finding[] = [];
  if (!config.kv_namespaces.some(({ binding }) => binding === "REPLIES"))
    findings.push(
      wrong("wrangler.toml has no KV namespace REPLIES, which keeps replies.", `Add: [[${where}kv_namespaces]] binding = "REPLIES"`),
    );
  const ways = String(config.vars["AUTH"] ?? "").split(",");
  if (ways.some((way) => way.trim() === "keys") && !config.kv_namespaces.some(({ binding }) => binding === "KEYS"))
    findings.push(
      wrong(
        "AUTH names keys, and wrangler.toml has no KV namespace KEYS, which keeps them.",
        `Add: [[${where}kv_namespaces]] binding = "KEYS"`,
      ),
    );
  if ((config.vars["REPLY_STORE"] ?? "mailbox") === "mailbox") {
    const mailbox = config.durable_objects.bindings.find(({ name }) => name === "MAILBOX");
    if (mailbox === undefined)
      findings.push(
        wrong(
          "wrangler.toml has no Durable Object MAILBOX, where requests wait for their replies.",
          `Add: [[${where}durable_objects.bindings]] name = "MAILBOX", class_name = "Mailbox"`,
        ),
      );
    else if (!isSqlite(config, mailbox.class_name))
      findings.push(
        wrong(
          `No migration of wrangler.toml makes the Durable Object ${mailbox.class_name} with SQLite.`,
          `Add: [[migrations]] tag = "v1", new_sqlite_classes = ["${mailbox.class_name}"]`,
        ),
      );
  }
  return findings.length > 0 ? findings : [ok("wrangler.toml has the bindings that the Worker needs.")];
};

const isSqlite = ({ migrations, exports = {} }: WranglerConfig, className: string): boolean =>
  migrations.some(({ new_sqlite_classes: classes = [] }) => classes.includes(className)) || exports[className]?.storage === "sqlite";

type Place = { readonly where: string; readonly file: string; readonly environment: string | undefined };

const checkVariables = ({ vars }: WranglerConfig, contract: Contract, { where, file, environment }: Place): readonly Finding[] => {
  const put = (name: string) => `npx wrangler secret put ${name}${environment === undefined ? "" : ` --env ${environment}`}`;
  const readable = WORKER_SECRETS.filter((name) => vars[name] !== undefined).map((name) =>
    wrong(
      `${file} contains the secret ${name}: everybody who has the file can read it.`,
      `Remove it from [${where}vars], and run: ${put(name)}`,
    ),
  );
  const known: readonly string[] = WORKER_VARIABLES;
  const misspelt = Object.keys(vars).flatMap((name) => {
    const nearest = known.includes(name) ? [] : nearestOf(name, known);
    return nearest.length === 0
      ? []
      : note(`Nothing reads the variable ${name} of [${where}vars].`, `Did you mean ${nearest.join(" or ")}?`);
  });
  const problems = problemsOf(() => readWorkerConfig({ ...PLACEHOLDERS, ...vars }, contract));
  const unset = problems.flatMap((problem) => /^(\w+) is not set: /.exec(problem)?.[1] ?? []);
  const values: Finding[] = problems
    .filter((problem) => !unset.some((name) => problem.startsWith(`${name} is not set: `)))
    .map((problem) => wrong(problem, `Correct it in [${where}vars].`));
  if (unset.includes("AUTH"))
    values.push(
      note(
        "AUTH is not set: the Worker refuses every request until you say who may call.",
        `To let in who has an API key: AUTH = "keys" in [${where}vars]; to let anybody call: "public".`,
      ),
    );
  const others = unset.filter((name) => name !== "AUTH");
  if (others.length > 0)
    values.push(
      note(`wrangler.toml does not set ${others.join(", ")}, which the Worker needs.`, `Unless it has them as secrets: ${put("NAME")}`),
    );
  const all = [...readable, ...misspelt, ...values];
  return all.length > 0 ? all : [ok("The variables in wrangler.toml are right.")];
};

/** Addresses of one machine or of a private network, and names that only such a network knows. */
const PRIVATE_HOST =
  /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[(::1|f[cd]|fe80)|[^.]+$)|\.(local|internal|lan|svc|cluster\.local)$/i;

/** Cloudflare is outside of every private network. */
const checkBrokers = ({ vars }: WranglerConfig, where: string): readonly Finding[] => {
  const hosts = String(vars["KAFKA_BROKERS"] ?? "")
    .split(",")
    .map((broker) => broker.trim().replace(/:\d+$/, ""));
  const unreachable = hosts.filter((host) => PRIVATE_HOST.test(host));
  if (unreachable.length === 0) return [];
  return [
    note(
      `A Worker on Cloudflare reaches only brokers with public addresses, and ${unreachable.join(", ")} of KAFKA_BROKERS ${unreachable.length === 1 ? "looks" : "look"} private.`,
      `Name public addresses in [${where}vars], or set KAFKA_REST_URL to a Kafka REST proxy in place of KAFKA_BROKERS.`,
    ),
  ];
};

/** What a reader of variables finds wrong, a line each. */
export const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
};
