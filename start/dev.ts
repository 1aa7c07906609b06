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
    process.env,
  ),
);
