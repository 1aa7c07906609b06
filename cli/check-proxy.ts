import { checkProxy } from "./proxy-check.ts";
import { runProgram } from "./run-program.ts";

await runProgram(async () => console.log(await checkProxy(process.env)));
