import { runConsumer } from "../consumer/run-consumer.ts";
import { loadProject } from "./project.ts";

await runConsumer((await loadProject()).consumer, process.env);
