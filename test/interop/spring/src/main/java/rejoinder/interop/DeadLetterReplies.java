package rejoinder.interop;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.TopicPartition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.util.backoff.FixedBackOff;

/** Listeners whose failures the requester hears of: what could not be answered goes back to it, with the exception in headers. */
@Configuration
class DeadLetterReplies {
  @Bean
  ConcurrentKafkaListenerContainerFactory<Object, Object> repliesDeadLetters(
      ConsumerFactory<Object, Object> consumers, KafkaTemplate<Object, Object> template) {
    var recoverer =
        new DeadLetterPublishingRecoverer(
            template,
            (request, exception) -> {
              var replyTopic = request.headers().lastHeader(KafkaHeaders.REPLY_TOPIC).value();
              return new TopicPartition(new String(replyTopic, UTF_8), -1);
            });
    var factory = new ConcurrentKafkaListenerContainerFactory<Object, Object>();
    factory.setConsumerFactory(consumers);
    factory.setReplyTemplate(template);
    factory.setCommonErrorHandler(new DefaultErrorHandler(recoverer, new FixedBackOff(0, 1)));
    return factory;
  }
}
