import { join } from "node:path";
import { provideApplication } from "../../maven-application.ts";

/** The application's jar, built by Maven the first time. Rejects if Maven or a JDK is missing, or the application does not compile. */
export const provideJar = async (): Promise<string> => join(await provideApplication(import.meta.dirname), "peer.jar");
