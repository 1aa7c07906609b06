/** The limits that several parts must agree on. A limit of one part alone is in that part. Bytes are those of UTF-8. */

const MIB = 1024 * 1024;

/** One Kafka record: key, value and headers. Brokers refuse more by default (`message.max.bytes`). */
export const MAX_RECORD_BYTES = MIB;

/** One batch of records of a partition: leaves room below the broker's limit for what the batch itself adds. */
export const MAX_PARTITION_BATCH_BYTES = 900 * 1024;

/** The body of one request. It becomes the value of one record as it is, which has a key and headers, too. */
export const MAX_REQUEST_BYTES = MAX_RECORD_BYTES;

/** What a record has besides the data of its request: attributes, who calls, a trace, and what copies to other topics add. */
export const RECORD_HEADROOM_BYTES = 16 * 1024;

/** How many levels of objects and arrays the data of a request or a reply may have: much less than what schemas can follow. */
export const MAX_JSON_DEPTH = 128;

/** The same for JSON that has such data in it: batches, events, frames. */
export const MAX_ENVELOPE_DEPTH = MAX_JSON_DEPTH + 8;

/** The data of one reply, as JSON text: a row of a Durable Object holds 2 MB at most. */
export const MAX_REPLY_BYTES = MIB;

/** The replies of one `POST /replies` or one frame of a link: they are stored in one transaction, and other calls wait for it. */
export const MAX_BATCH_REPLIES = 500;

/** The requests of one `POST /requests:batch`. All of them are the body of one request, and so one call to a Kafka REST proxy. */
export const MAX_BATCH_REQUESTS = 100;

/** The body of one `POST /replies`, or one frame of a link: several of the largest replies, in a small part of the 128 MB that a Worker has. */
export const MAX_BATCH_BYTES = 8 * MIB;

/** The batches of one link that may wait for their results: while one is written, the next ones travel. */
export const MAX_UNANSWERED_BATCHES = 4;

/** What a handler may emit in pieces for one request: a stream of words, not of films. */
export const MAX_CHUNKS = 10_000;

/** All chunks of one request, as JSON text: the status body holds them all. */
export const MAX_CHUNKS_BYTES = MIB;

/** What a handler says about how far it is, or why its last attempt failed, each as JSON text: a row of a Durable Object holds both. */
export const MAX_NEWS_BYTES = 64 * 1024;

/** The records of one call to a Kafka REST proxy: larger batches make it no faster, and leave more outcomes unknown when a call is lost. */
export const MAX_PRODUCE_RECORDS = 200;

/** The records of one call to a Kafka REST proxy, in bytes: proxies take at least one record of the largest size. */
export const MAX_PRODUCE_BYTES = MAX_RECORD_BYTES;

/**
 * How long a request that nobody waits for has: longer than any holiday, since whoever handles it may be away. It counts from the event that it follows
 * from, so a history that is sent again has an end: what happened longer ago has no effect again.
 */
export const ONE_WAY_DEADLINE_MS = 30 * 86_400_000;

/** The longest wait for a reply: browsers and proxies keep a call open that long, and so does a Worker whose caller has left (30 s). */
export const MAX_WAIT_SECONDS = 25;

/** The longest deadline or retention, 194 days: a correlation ID has three bytes for each. */
export const MAX_DURATION_SECONDS = 2 ** 24 - 1;
