import { decodeEvent, encodeEvent, type ProducerRecord } from "../../protocol/kafka-record.ts";

/**
 * The same event in structured mode, for what its headers cannot travel by: the consumer reads both.
 * @throws RejoinderError `INVALID_RECORD` if the record is no CloudEvent
 */
export const toStructured = (record: ProducerRecord): ProducerRecord => ({ ...record, ...encodeEvent(decodeEvent(record), "structured") });
