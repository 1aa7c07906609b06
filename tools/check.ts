import { createCheckSteps } from "./check-steps.ts";

const UNKNOWN = process.argv.slice(3).find((argument) => !["--fast", "--without-tests"].includes(argument));
if (UNKNOWN !== undefined) {
  console.error(`Expected --fast or --without-tests, got ${JSON.stringify(UNKNOWN)}.`);
  process.exit(1);
}

const steps = createCheckSteps({ fast: process.argv.includes("--fast"), withTests: !process.argv.includes("--without-tests") });
for (const { name, run } of steps) {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s`;
  try {
    const detail = await run();
    console.log(`ok    ${name.padEnd(28)} ${seconds()}${detail === undefined ? "" : `  ${detail}`}`);
  } catch (error) {
    console.error(`${(error as Error).message}\nfailed ${name.padEnd(27)} ${seconds()}`);
    process.exit(1);
  }
}
