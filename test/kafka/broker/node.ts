import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { classPath, JAVA_OPTIONS } from "./java.ts";
import { addressOf } from "./listeners.ts";
import type { OrphanWatchMessage } from "./orphan-watch.ts";
import type { Server } from "./server-properties.ts";

/** One node of a cluster: a JVM that is broker and controller. */
export type KafkaNode = {
  readonly id: number;
  /** Where it is reached without a password. */
  readonly address: string;
  /** Of the JVM that runs now, or that ran last. */
  readonly pid: number;
  /** Kills it as a crash would, and waits until it has ended. */
  kill(): Promise<void>;
  /** Asks it to end: it hands over what it leads first. */
  stop(): Promise<void>;
  /** Starts it again, on what it has on disk. Resolves before it serves: wait for the cluster. */
  restart(): Promise<void>;
};

export type NodeOptions = {
  readonly jars: string;
  readonly server: Server;
  readonly propertiesFile: string;
  readonly outputFile: string;
  tell(message: OrphanWatchMessage): void;
};

export type StartedNode = KafkaNode & {
  /** Whether its JVM has ended, for whatever reason. */
  hasEnded(): boolean;
  /** Everything it printed so far. */
  output(): string;
};

/** Starts a node. It does not serve yet. */
export const startNode = ({ jars, server, propertiesFile, outputFile, tell }: NodeOptions): StartedNode => {
  let child = start();

  function start(): ChildProcess {
    // A file, since a pipe that nobody reads any more would end the JVM, or stop it.
    const output = openSync(outputFile, "a");
    // A group of its own: Ctrl-C is for the tests, which end their brokers themselves.
    const jvm = spawn("java", ["-Xmx512m", ...JAVA_OPTIONS, ...classPath(jars), "kafka.Kafka", propertiesFile], {
      stdio: ["ignore", output, output],
      detached: true,
    });
    closeSync(output);
    const { pid } = jvm;
    if (pid === undefined) throw new Error("Expected java to start.");
    tell({ started: pid });
    jvm.once("exit", () => tell({ ended: pid }));
    return jvm;
  }

  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (hasEnded()) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };

  return {
    id: server.id,
    address: addressOf(server.ports.plaintext),
    get pid() {
      return child.pid as number;
    },
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    async restart() {
      await end("SIGTERM");
      child = start();
    },
    hasEnded,
    output: () => readFileSync(outputFile, "utf8"),
  };
};
