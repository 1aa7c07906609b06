package rejoinder.bench;

import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Profile;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Answers an HTTP request with the reply to the record that it makes of it. */
@RestController
@Profile("requester")
class Requester {
  private final ReplyingKafkaTemplate<String, Object, Object> template;
  private final String topic;

  Requester(ReplyingKafkaTemplate<String, Object, Object> template, @Value("${topic.requests}") String topic) {
    this.template = template;
    this.topic = topic;
  }

  @PostMapping("/sum")
  CompletableFuture<Object> sum(@RequestBody SumRequest request) {
    return replyTo(request);
  }

  @PostMapping("/echo")
  CompletableFuture<Object> echo(@RequestBody Echo request) {
    return replyTo(request);
  }

  private CompletableFuture<Object> replyTo(Object request) {
    return template.sendAndReceive(new ProducerRecord<>(topic, request)).thenApply(reply -> reply.value());
  }
}
