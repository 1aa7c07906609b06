import { withArguments } from "./arguments.ts";
import { programOf } from "./forked-part.ts";
import { launch } from "./launch.ts";
import { runProgram } from "./run-program.ts";

await runProgram(() =>
  launch(
    {
      gateway: programOf("gateway"),
      worker: programOf("worker-dev"),
      consumer: programOf("consumer", ["--watch", "--watch-preserve-output"]),
    },
    withArguments(process.argv.slice(3), process.env),
  ),
);
