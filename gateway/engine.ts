import type { TopicPartition, TopicPartitionOffset } from "../protocol/topic-partition.ts";

/**
 * What the gateway needs of a Kafka: a log of partitioned topics, and consumer instances that live on the server.
 * Every method rejects with a GatewayError where the caller is to be told why.
 */
export type Engine = {
  /** Partition count of every topic, by name. */
  topics(): Promise<ReadonlyMap<string, number>>;
  /**
   * The same of topics that are to be used. If the engine is set to, those that are not there are counted as they would be, and `make`
   * makes them; else they are left out.
   */
  provideTopics(names: ReadonlySet<string>, make: boolean): Promise<ReadonlyMap<string, number>>;
  /**
   * Stores all of the records, and resolves once they are as durable as the engine promises. The topics exist and the partitions are in
   * range. An engine that stores each record on its own may store some of them only.
   * @throws GatewayError 500 with `results` if any record was stored, or may have been; anything else says that none was
   */
  produce(records: readonly NewRecord[]): Promise<readonly RecordMetadata[]>;
  /**
   * Records from the given offsets on, waiting if there are none yet. Belongs to no group. An offset whose record is no longer kept
   * begins at the first that is; one beyond the end is refused with 400.
   */
  fetch(request: FetchRequest): Promise<readonly StoredRecord[]>;
  /** The next records of an instance, waiting if there are none yet. Creates the instance. */
  consume(request: ConsumeRequest): Promise<Batch>;
  /** Sets where the group resumes. Without offsets: after the last record that the instance was given. */
  commit(instance: InstanceName, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Where the group resumes. Partitions without a commit are left out. */
  committed(instance: InstanceName, partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /** The first offset whose record is no older than a time in ms, or the end; `earliest` and `latest` are the log's two ends. */
  offsetsAt(time: number | "earliest" | "latest", partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /** The instances that live at this gateway now. */
  consumers(): Promise<readonly ConsumerGroup[]>;
  /** Ends an instance; its partitions go to the others of the group. */
  deleteConsumer(instance: InstanceName): Promise<void>;
  /** Resolves if records could be stored now. */
  health(): Promise<void>;
  /** What there is to measure at this moment. */
  gauges(): Promise<readonly Gauge[]>;
  /** From now on nothing waits: what is waiting is answered with what there is. */
  drain(): void;
  /** Finishes what was begun and lets go of everything. */
  close(): Promise<void>;
};

export type InstanceName = { readonly group: string; readonly instance: string };

export type Header = { readonly key: string; readonly value: string };

export type NewRecord = {
  readonly topic: string;
  /** Absent: chosen by the key, or in turn where there is none. */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970. Absent: now. */
  readonly timestamp?: number | undefined;
  readonly key?: string | undefined;
  readonly value: string;
  readonly headers: readonly Header[];
};

/** Where and when a record was stored. */
export type RecordMetadata = TopicPartitionOffset & { readonly timestamp: number };

/** A record as it is answered: a record without a key has the key `""`. */
export type StoredRecord = RecordMetadata & { readonly key: string; readonly value: string; readonly headers: readonly Header[] };

/** The room for one answer, out of what all answers together may hold. */
export type AnswerRoom = {
  /** How much may be answered now; a single record is always let through. @throws GatewayError 503 while there is no room at all */
  free(): { readonly records: number; readonly bytes: number };
  /** Says that records of so many bytes are on their way. */
  take(bytes: number): void;
};

export type Waiting = {
  readonly room: AnswerRoom;
  /** How long to wait for a first record. */
  readonly timeoutMs: number;
  /** Aborted when nobody is there any more to be answered. */
  readonly signal: AbortSignal;
};

export type FetchRequest = Waiting & { readonly offsets: readonly TopicPartitionOffset[] };

export type ConsumeRequest = InstanceName &
  Waiting & {
    readonly topics: readonly string[];
    /** Asked for only by the call that creates the instance. @throws GatewayError 400 */
    readonly options: () => InstanceOptions;
  };

export type InstanceOptions = {
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  /** Where to begin without a commit; `none` refuses, and also to pass over records that are no longer kept. */
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  /** An instance of which nothing was heard for so long is ended. */
  readonly sessionTimeoutMs: number;
};

export type Batch = {
  readonly records: readonly StoredRecord[];
  /**
   * To be called once: whether the answer was written. If not, the next consume gives the same records again.
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

/** A number that goes up and down, as Prometheus takes it. */
export type Gauge = {
  /** In snake_case, with the unit at its end. */
  readonly name: string;
  readonly help: string;
  readonly values: readonly { readonly labels: Readonly<Record<string, string | number>>; readonly value: number }[];
};
