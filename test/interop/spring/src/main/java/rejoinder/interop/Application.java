package rejoinder.interop;

import java.io.IOException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Ends when whoever started it is gone: its standard input is then at its end. */
@SpringBootApplication
public class Application {
  public static void main(String[] arguments) throws IOException {
    var application = SpringApplication.run(Application.class, arguments);
    System.out.println("{\"ready\":true}");
    application.getBeanProvider(Requester.class).ifAvailable(Requester::serveLines);
    while (System.in.read() != -1);
    System.exit(SpringApplication.exit(application));
  }
}
