/** A contract or a consumer is defined wrongly. The message says what was expected, what was there, and how to correct it. */
export class DefinitionError extends TypeError {
  override readonly name = "DefinitionError";
}
