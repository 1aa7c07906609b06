// Plain JavaScript, so that an old Node can read it and say what is wrong before it meets TypeScript.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 6)) {
  console.error(
    `Expected Node 24.6 or newer, got ${process.version}. Use the npm scripts (npm start, npm run gateway, ...): they run the Node that npm install brought.`,
  );
  process.exit(1);
}

const PROGRAMS = {
  start: "./start.ts",
  dev: "./dev.ts",
  build: "./build.ts",
  "build-client": "./build-client.ts",
  check: "./check.ts",
  "check-proxy": "./check-proxy.ts",
  worker: "./worker.ts",
  "worker-dev": "./worker-dev.ts",
  gateway: "../gateway/main.ts",
  consumer: "../consumer/main.ts",
  bench: "../bench/main.ts",
};

const name = process.argv[2] ?? "";
if (!Object.hasOwn(PROGRAMS, name)) {
  console.error(`Expected one of ${Object.keys(PROGRAMS).join(", ")}, got ${JSON.stringify(name)}.`);
  process.exit(1);
}
await import(PROGRAMS[name]);
