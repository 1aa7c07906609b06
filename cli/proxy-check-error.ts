/** What keeps requests from being produced, a line each. */
export class ProxyCheckError extends Error {
  override readonly name = "ProxyCheckError";

  constructor(proxy: string, problems: readonly string[]) {
    super(`Requests cannot be produced through ${proxy}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
}
