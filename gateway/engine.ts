import type { RecordMetadata } from "../protocol/kafka-record.ts";
import type { TopicPartition, TopicPartitionOffset } from "../protocol/topic-partition.ts";

/**
 * What the gateway needs of a Kafka: a log of partitioned topics, and consumer instances that live on the server.
 * Every method rejects with a GatewayError where the caller is to be told why.
 */
export type Engine = {
  /** Partition count of every topic, by name. */
  topics(): Promise<ReadonlyMap<string, number>>;
  /**
   * What decides how long the records of a topic are kept, by Kafka's names: `cleanup.policy`, `retention.ms`, `retention.bytes`.
   * @throws GatewayError 404
   */
  configsOf(topic: string): Promise<Readonly<Record<string, string>>>;
  /**
   * Partition counts of topics that a call is about to use. An engine that makes topics on demand counts missing ones as it would make them, and
   * makes them if `make` says so; other engines leave them out.
   */
  provideTopics(names: ReadonlySet<string>, make: boolean): Promise<ReadonlyMap<string, number>>;
  /**
   * Stores all of the records, and resolves once they are as durable as the engine promises. The topics exist and the partitions are in
   * range. An engine that stores each record on its own may store only some of them.
   * @returns where and when each was stored, in their order
   * @throws GatewayError 500 with `results` if any record was stored, or may have been; anything else says that none was
   */
  produce(records: readonly NewRecord[]): Promise<readonly RecordMetadata[]>;
  /**
   * Records from the given offsets on, waiting if there are none yet. Belongs to no group. Where the record of an offset is no
   * longer kept, reading begins at the first that is. An offset beyond the end is refused with 400.
   */
  fetch(request: FetchRequest): Promise<readonly StoredRecord[]>;
  /** The next records of an instance, waiting if there are none yet. Creates the instance, which belongs to its user from then on. */
  consume(request: ConsumeRequest): Promise<Batch>;
  /** Sets where the group resumes. Without offsets: after the last record that was delivered to the instance. */
  commit(instance: OwnInstance, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Where the group resumes. Partitions without a commit are left out. */
  committed(instance: OwnInstance, partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /** The first offset whose record is no older than a time in ms, or the end; `earliest` and `latest` are the log's two ends. */
  offsetsAt(time: number | "earliest" | "latest", partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /** The instances that live at this gateway now. */
  consumers(): Promise<readonly ConsumerGroup[]>;
  /** Ends an instance; its partitions go to the others of the group. */
  deleteConsumer(instance: OwnInstance): Promise<void>;
  /** Resolves if records could be stored now. */
  health(): Promise<void>;
  /** What there is to measure at this moment. */
  gauges(): Promise<readonly Gauge[]>;
  /** From now on no call waits for records, and those that wait are answered. */
  drain(): void;
  /** Finishes what was begun and lets go of everything. */
  close(): Promise<void>;
};

/** How long, in ms, and how many bytes of a partition the log keeps at least. Undefined: without limit. */
export type Retention = { readonly ms: number | undefined; readonly bytes: number | undefined };

/** A topic that the configuration declares. */
export type DeclaredTopic = { readonly partitions: number; readonly retention?: Partial<Retention> };

export type InstanceName = { readonly group: string; readonly instance: string };

/**
 * An instance, and the user who calls: it belongs to the user whose consume created it, and calls of others are refused with 403.
 * Undefined: this process itself, which may act on every instance.
 */
export type OwnInstance = InstanceName & { readonly user?: string | undefined };

export type Header = { readonly key: string; readonly value: string };

export type NewRecord = {
  readonly topic: string;
  /** Absent: chosen by the key, or for the whole batch where there is none. */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970. Absent: now. */
  readonly timestamp?: number | undefined;
  readonly key?: string | undefined;
  readonly value: string;
  readonly headers: readonly Header[];
};

/** A record as it is answered: a record without a key has the key `""`. */
export type StoredRecord = TopicPartitionOffset & {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: string;
  readonly headers: readonly Header[];
};

/** The memory for one response, out of what all responses together may hold. */
export type ResponseMemory = {
  /** How much may be read now; a single record is always let through. @throws GatewayError 503 while there is nothing left at all */
  free(): { readonly records: number; readonly bytes: number };
  /** Says that records of so many bytes are held. */
  take(bytes: number): void;
};

export type Waiting = {
  readonly memory: ResponseMemory;
  /** How long to wait for a first record. */
  readonly timeoutMs: number;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
};

export type FetchRequest = Waiting & { readonly offsets: readonly TopicPartitionOffset[] };

export type ConsumeRequest = OwnInstance &
  Waiting & {
    readonly topics: readonly string[];
    /** Read only by the call that creates the instance. @throws GatewayError 400 */
    readonly options: () => InstanceOptions;
  };

export type InstanceOptions = {
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  /** Where to begin without a commit. `none` refuses to begin, and to skip records that are no longer kept. */
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  /** An instance that makes no call for so long is ended. */
  readonly sessionTimeoutMs: number;
};

export type Batch = {
  readonly records: readonly StoredRecord[];
  /**
   * The caller says once whether it wrote the response. If not, the next consume gives the same records again.
   * Until then the instance takes no other consume.
   */
  settle(written: boolean): void;
};

export type ConsumerGroup = {
  readonly name: string;
  readonly instances: readonly {
    readonly name: string;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  }[];
};

/** A gauge of Prometheus: a number that goes up and down. */
export type Gauge = {
  /** In snake_case, with the unit at its end. */
  readonly name: string;
  readonly help: string;
  readonly values: readonly { readonly labels: Readonly<Record<string, string | number>>; readonly value: number }[];
};
