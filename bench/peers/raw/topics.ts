/** Where requests wait, and where replies do. */
export const RAW_TOPICS = { requests: "raw-requests", replies: "raw-replies" } as const;
/** Of each. */
export const RAW_PARTITIONS = 1;
/** The header that tells whose reply it is. */
export const CORRELATION_ID = "correlation-id";
