import { withArguments } from "./arguments.ts";
import { programOf } from "./forked-part.ts";
import { launch } from "./launch.ts";
import { runProgram } from "./run-program.ts";

await runProgram(() =>
  launch(
    { gateway: programOf("gateway"), worker: programOf("worker"), consumer: programOf("consumer") },
    withArguments(process.argv.slice(3), process.env),
  ),
);
