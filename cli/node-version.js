/** Ends the process with a sentence if this Node cannot run the rest. */
export const expectNode = () => {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  console.error(
    `Expected Node 22.18 or newer, got ${process.version}. Install a newer one from https://nodejs.org, or with the manager that you use: nvm install 24.`,
  );
  process.exit(1);
};
