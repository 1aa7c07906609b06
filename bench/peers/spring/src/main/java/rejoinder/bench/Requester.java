package rejoinder.bench;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.*;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.web.bind.annotation.*;

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
    return template.sendAndReceive(new ProducerRecord<>(topic, request)).thenApply(reply -> reply.value());
  }
}

/** One instance, and so a reply topic of its own. */
@Configuration
@Profile("requester")
class Replies {
  @Bean
  ReplyingKafkaTemplate<String, Object, Object> replyingTemplate(
      ProducerFactory<String, Object> producers,
      ConcurrentKafkaListenerContainerFactory<String, Object> containers,
      @Value("${topic.replies}") String topic) {
    var container = containers.createContainer(topic);
    container.getContainerProperties().setGroupId(topic);
    var template = new ReplyingKafkaTemplate<String, Object, Object>(producers, container);
    template.setDefaultReplyTimeout(Duration.ofSeconds(10));
    return template;
  }
}
