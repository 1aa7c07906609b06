package rejoinder.bench;

import org.springframework.context.annotation.Profile;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.stereotype.Component;

/** Replies to wherever the request says, as an empty SendTo does. */
@Component
@Profile("responder")
class Responder {
  @KafkaListener(topics = "${topic.requests}", groupId = "${topic.requests}")
  @SendTo
  SumReply sum(SumRequest request) {
    return new SumReply(request.a() + request.b());
  }
}
