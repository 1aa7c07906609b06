package rejoinder.interop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Scanner;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.annotation.Profile;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.kafka.support.serializer.JacksonJsonDeserializer;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Sends what it reads, a line each, by a ReplyingKafkaTemplate, and writes what comes back. */
@Component
@Profile("requester")
class Requester {
  /** A request, and how the template that sends it is set up; a template without a partition takes part in a group. */
  record Line(String topic, SumRequest request, boolean binaryCorrelation, Integer replyPartition) {}

  private record Settings(boolean binaryCorrelation, Integer replyPartition) {}

  private final Map<Settings, ReplyingKafkaTemplate<Object, Object, SumReply>> templates = new HashMap<>();
  private final ProducerFactory<Object, Object> producers;
  private final KafkaProperties properties;
  private final JsonMapper json;
  private final String replyTopic;

  Requester(
      ProducerFactory<Object, Object> producers,
      KafkaProperties properties,
      JsonMapper json,
      @Value("${topic.replies}") String replyTopic) {
    this.producers = producers;
    this.properties = properties;
    this.json = json;
    this.replyTopic = replyTopic;
  }

  void serveLines() {
    var lines = new Scanner(System.in);
    while (lines.hasNextLine()) System.out.println(json.writeValueAsString(send(json.readValue(lines.nextLine(), Line.class))));
  }

  private Map<String, Object> send(Line line) {
    var settings = new Settings(line.binaryCorrelation(), line.replyPartition());
    var template = templates.computeIfAbsent(settings, this::createTemplate);
    try {
      var reply = template.sendAndReceive(new ProducerRecord<>(line.topic(), "the key", line.request())).get();
      return Map.of("value", reply.value(), "key", String.valueOf(reply.key()), "partition", reply.partition());
    } catch (Exception exception) {
      var cause = exception.getCause() == null ? exception : exception.getCause();
      return Map.of("error", cause.getClass().getSimpleName(), "message", String.valueOf(cause.getMessage()));
    }
  }

  private ReplyingKafkaTemplate<Object, Object, SumReply> createTemplate(Settings settings) {
    var partition = settings.replyPartition();
    var container =
        partition == null
            ? new ContainerProperties(replyTopic)
            : new ContainerProperties(new TopicPartitionOffset(replyTopic, partition));
    container.setGroupId("requester-" + UUID.randomUUID());
    var type = new JacksonJsonDeserializer<>(SumReply.class, false);
    var consumers = new DefaultKafkaConsumerFactory<>(properties.buildConsumerProperties(), null, type);
    var template =
        new ReplyingKafkaTemplate<Object, Object, SumReply>(producers, new ConcurrentMessageListenerContainer<Object, SumReply>(consumers, container));
    template.setBinaryCorrelation(settings.binaryCorrelation());
    template.setReplyErrorChecker(
        reply -> {
          var problem = reply.headers().lastHeader("rejoinder-problem");
          return problem == null ? null : new IllegalStateException(new String(problem.value(), UTF_8));
        });
    template.setDefaultReplyTimeout(Duration.ofSeconds(30));
    // Several instances share the reply topic: what others wait for is no error.
    template.setSharedReplyTopic(true);
    template.start();
    try {
      template.waitForAssignment(Duration.ofSeconds(30));
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
    return template;
  }
}
