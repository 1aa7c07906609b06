import { checkProxy } from "./proxy-check.ts";
import { loadProject } from "./project.ts";
import { runProgram } from "./run-program.ts";

await runProgram(async () => console.log(await checkProxy(process.env, (await loadProject()).consumer.contract)));
