package rejoinder.bench;

import java.io.IOException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Says on a line of its own that it is ready, and where, and ends when its standard input does: whoever started it is then gone. */
@SpringBootApplication
public class Application {
  public static void main(String[] arguments) throws IOException {
    var application = SpringApplication.run(Application.class, arguments);
    var port = application.getEnvironment().getProperty("local.server.port", "null");
    System.out.println("{\"type\":\"ready\",\"port\":" + port + "}");
    while (System.in.read() != -1);
    System.exit(SpringApplication.exit(application));
  }
}

record SumRequest(double a, double b) {}

record SumReply(double sum) {}
