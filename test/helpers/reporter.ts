import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Ends the run with one plain line of counts, and keeps it in a file if TEST_SUMMARY_FILE names one. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const brokenModules = modules.filter(
      (module) => module.state() === "failed" && [...module.children.allTests("failed")].length === 0,
    ).length;
    const line = `${count("passed")} passed, ${count("failed") + brokenModules} failed, ${count("skipped")} skipped`;
    process.once("exit", () => console.log(line));
    const file = process.env["TEST_SUMMARY_FILE"];
    if (file !== undefined) writeFileSync(file, `${line}\n`);
  }
}
