package rejoinder.bench;

import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;

/** How the requester is reached: one instance, and so a reply topic of its own. */
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
