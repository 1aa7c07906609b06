/**
 * What Cloudflare takes on the Workers Paid plan beyond what the plan includes, in US dollars: the pricing pages of Workers, Durable Objects
 * (https://developers.cloudflare.com/durable-objects/platform/pricing) and Workers KV.
 */
export const PRICES = {
  readOn: "2026-11-25",
  perMillion: {
    workerRequests: 0.3,
    workerCpuMs: 0.02,
    objectRequests: 0.15,
    objectGbSeconds: 12.5,
    rowsRead: 0.001,
    rowsWritten: 1,
    kvReads: 0.5,
    kvWrites: 5,
    /** Subrequests to the open network are not billed. */
    outgoingFetches: 0,
  },
  /** Of SQLite-backed objects. */
  perGbMonth: 0.2,
} as const;

/** An object is billed for as much while it is active, whatever it takes: 128 MB. */
export const OBJECT_GB = 0.128;

export const HOURS_PER_MONTH = 720;
