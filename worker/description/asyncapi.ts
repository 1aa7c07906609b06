import { PROBLEM_HEADER, SPRING_HEADERS } from "../../protocol/spring-headers.ts";
import { isCommand, type Operation } from "../../contract/operation.ts";
import type { JsonSchema } from "../../contract/schema.ts";
import { VERSION } from "../../protocol/version.ts";
import { addContractSchemas, type OperationSchemas } from "./contract-schemas.ts";
import type { DescribedApi } from "./described-api.ts";
import { createSchemas, objectOf } from "./schemas.ts";

const text = (description: string, rest: JsonSchema = {}): JsonSchema => ({ type: "string", description, ...rest });

/**
 * The headers of the record of a request: a CloudEvent in binary mode (Kafka Protocol Binding for CloudEvents 1.0.2 §3.2), and for a responder those of
 * spring-kafka and NestJS, too.
 */
const requestHeaders = (operation: Operation): JsonSchema => {
  const { name, responder } = operation;
  return objectOf({
    ce_specversion: text("CloudEvents 1.0.", { const: "1.0" }),
    ce_id: text("The correlation ID."),
    ce_source: text("The Worker.", { format: "uri-reference" }),
    ce_type: text("The operation.", { const: name }),
    ce_time: text("When the request was accepted.", { format: "date-time" }),
    ce_correlationid: text("By which the reply finds its request."),
    ce_expirytime: text("The deadline: after it no handler starts.", { format: "date-time" }),
    "ce_traceparent?": text("W3C Trace Context."),
    "ce_authtype?": text("What kind of caller it was (CloudEvents Auth Context)."),
    "ce_authid?": text("The subject of the caller's credentials."),
    "ce_authclaims?": text("JSON of what the credentials allow and say."),
    "ce_authsignature?": text("The Worker's signatures of the three."),
    "ce_partitionkey?": text("The ordering key, which is also the key of the record."),
    ...(isCommand(operation) && {
      "ce_expectedversion?": text("The version that the aggregate must have for the command to be decided, in digits."),
      "ce_oneway?": text("There if nobody waits for a reply, and none is sent.", { const: "true" }),
    }),
    "ce_causationid?": text("The request in whose place this one was sent."),
    "content-type": text("Of the value.", { const: "application/json" }),
    ...(responder === undefined
      ? { ce_dataschema: text("The version of the operation, as rejoinder:<operation>/<fingerprint>.") }
      : {
          [SPRING_HEADERS.correlationId]: text("To be returned unchanged."),
          [SPRING_HEADERS.replyTopic]: text("The topic for the reply.", { const: responder.replyTopic }),
        }),
  });
};

/** The headers of a reply of a responder. Its value is the reply, or empty if there is none. */
const replyHeaders = (): JsonSchema =>
  objectOf({
    [SPRING_HEADERS.correlationId]: text("As the request had it."),
    [`${SPRING_HEADERS.nestError}?`]: text("NestJS: why there is no reply."),
    [`${SPRING_HEADERS.nestIsDisposed}?`]: text("NestJS: this reply is the last."),
    [`${PROBLEM_HEADER}?`]: text("Problem details as JSON, in a record without a value."),
  });

/** The AsyncAPI 3.0 document of an API: the topics of its operations, and the records in them. */
export const createAsyncApi = ({ contract }: Pick<DescribedApi, "contract">) => {
  const schemas = createSchemas();
  const described = addContractSchemas(contract, schemas);
  const channels: Record<string, { messages: Record<string, object> }> = {};
  const operations: Record<string, object> = {};
  const messages: Record<string, object> = {};

  const addMessage = (topic: string, description: string, name: string, message: object): { $ref: string } => {
    messages[name] = { name, ...message };
    const channel = (channels[topic] ??= {
      ...{ address: topic, description, servers: [{ $ref: "#/servers/kafka" }], bindings: { kafka: { topic, bindingVersion: "0.5.0" } } },
      messages: {},
    });
    channel.messages[name] = { $ref: `#/components/messages/${name}` };
    return { $ref: `#/channels/${topic}/messages/${name}` };
  };

  for (const operation of Object.values(contract)) {
    const { request, reply } = described.get(operation.name) as OperationSchemas;
    const { name, topic, responder } = operation;
    const sent = addMessage(topic, "Requests.", `${name}.request`, {
      title: `A request of ${name}`,
      contentType: "application/json",
      headers: requestHeaders(operation),
      payload: request,
      correlationId: correlationOf(operation),
      bindings: { kafka: { key: keyOf(operation), bindingVersion: "0.5.0" } },
    });
    const answered =
      responder === undefined
        ? undefined
        : addMessage(responder.replyTopic, `Replies to ${name}.`, `${name}.reply`, {
            title: `A reply to a request of ${name}`,
            contentType: "application/json",
            headers: replyHeaders(),
            payload: reply,
            correlationId: correlationOf(operation),
          });
    operations[name] = {
      action: "send",
      channel: { $ref: `#/channels/${topic}` },
      title: `Requests of ${name}`,
      description:
        responder === undefined
          ? "A handler answers it. Its reply goes to the Worker over HTTPS (`POST /replies`, or a WebSocket), and there is no reply topic."
          : "A responder answers it to the topic that the request names.",
      messages: [sent],
      ...(answered && {
        reply: {
          address: { location: `$message.header#/${SPRING_HEADERS.replyTopic}`, description: "The topic of replies." },
          channel: { $ref: `#/channels/${responder?.replyTopic}` },
          messages: [answered],
        },
      }),
    };
  }
  return {
    asyncapi: "3.0.0",
    info: {
      title: "rejoinder on Kafka",
      version: VERSION,
      description:
        "The records that the Worker produces, and those that responders answer with. Where a proxy carries no headers, a request is a CloudEvent in structured mode: the attributes without `ce_` are members of the value, beside `data`.",
    },
    defaultContentType: "application/json",
    servers: {
      kafka: {
        host: "{bootstrap}",
        protocol: "kafka",
        description: "The cluster behind this API.",
        variables: { bootstrap: { default: "localhost:9092", description: "Its bootstrap address, which its owner tells." } },
      },
    },
    channels,
    operations,
    components: { messages, schemas },
  };
};

const correlationOf = ({ responder }: Operation) =>
  responder === undefined
    ? { location: "$message.header#/ce_correlationid" }
    : { location: `$message.header#/${SPRING_HEADERS.correlationId}` };

const keyOf = ({ orderingKey }: Operation): JsonSchema =>
  orderingKey === undefined
    ? { type: "null", description: "None: all requests may run at once." }
    : text("The ordering key: requests with the same one are handled in order.");
