package rejoinder.interop;

import org.springframework.context.annotation.Profile;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.stereotype.Component;

/** Replies to wherever the request says, as an empty SendTo does. */
@Component
@Profile("responder")
class Responder {
  private static final String TYPE = "spring.json.value.default.type=rejoinder.interop.SumRequest";

  @KafkaListener(topics = "${topic.sum}", groupId = "${topic.sum}", properties = TYPE)
  @SendTo
  SumReply sum(SumRequest request) {
    return new SumReply(request.a() + request.b());
  }

  /** Fails without a word: Spring tries it ten times, logs it, and goes on. */
  @KafkaListener(topics = "${topic.silent}", groupId = "${topic.silent}", properties = TYPE)
  @SendTo
  SumReply failSilently(SumRequest request) {
    throw new IllegalStateException("This responder fails silently.");
  }

  /** Refuses, and its error handler replies with the problem. */
  @KafkaListener(topics = "${topic.refusing}", groupId = "${topic.refusing}", properties = TYPE, errorHandler = "repliesProblems")
  @SendTo
  SumReply refuse(SumRequest request) {
    throw new IllegalArgumentException("Only positive numbers.");
  }

  /** Fails, and its dead letters go to where the reply was expected. */
  @KafkaListener(topics = "${topic.honest}", groupId = "${topic.honest}", properties = TYPE, containerFactory = "repliesDeadLetters")
  @SendTo
  SumReply failHonestly(SumRequest request) {
    throw new IllegalStateException("This responder says that it failed.");
  }
}
