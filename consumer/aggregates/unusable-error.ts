/** A partition cannot be used until somebody changes something. The message says what is wrong, and how to mend it. */
export class UnusableError extends Error {
  override readonly name = "UnusableError";

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
