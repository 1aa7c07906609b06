/** How long records are kept at least, in ms, and how many bytes of a partition. Undefined: without end. */
export type Retention = { readonly ms: number | undefined; readonly bytes: number | undefined };

/** A topic that is to exist. */
export type DeclaredTopic = { readonly partitions: number; readonly retention?: Partial<Retention> };
