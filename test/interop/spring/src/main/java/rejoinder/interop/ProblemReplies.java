package rejoinder.interop;

import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.listener.KafkaListenerErrorHandler;
import org.springframework.kafka.support.KafkaNull;
import org.springframework.messaging.support.MessageBuilder;
import tools.jackson.databind.json.JsonMapper;

/** Replies to failed requests with problem details (RFC 9457) in a header, and no value. */
@Configuration
class ProblemReplies {
  @Bean
  KafkaListenerErrorHandler repliesProblems(JsonMapper json) {
    return (request, exception) -> {
      var detail = exception.getCause().getMessage();
      var problem = Map.of("type", "about:blank", "title", "Unprocessable Content", "status", 422, "code", "NOT_POSITIVE", "detail", detail);
      return MessageBuilder.withPayload(KafkaNull.INSTANCE).setHeader("rejoinder-problem", json.writeValueAsBytes(problem)).build();
    };
  }
}
