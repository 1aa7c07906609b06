// Plain JavaScript, so that an old Node can read it and say what is wrong before it meets TypeScript.
/** Ends the process with a sentence if this Node cannot run the rest. */
export const expectNode = () => {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 24 || (major === 24 && minor >= 6)) return;
  console.error(
    `Expected Node 24.6 or newer, got ${process.version}. Use the npm scripts (npm start, npm run gateway, ...): they run the Node that npm install brought.`,
  );
  process.exit(1);
};
