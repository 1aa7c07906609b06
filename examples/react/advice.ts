import type { ClientError } from "../../client/index.ts";

/** What somebody who reads the error can do about it. */
export const adviceOn = ({ code, retryable, status, problem }: ClientError): string => {
  const faults = faultsOf(problem?.["errors"]);
  if (faults.length > 0) return `Correct it, and send it again. ${faults.join(" ")}`;
  switch (code) {
    case "UNREACHABLE":
    case "CLOSED":
      return "It may still be on its way. Load the page anew to ask for it.";
    case "UNKNOWN_CORRELATION_ID":
    case "STATUS_GONE":
      return "Nobody keeps it any more. Send it again.";
    case "UNANSWERED":
    case "UNEXPECTED_ANSWER":
      return "Send it again only if doing it twice does no harm.";
    default:
      if (retryable) return "Send it again: nothing has been done.";
      return status !== undefined && status < 500 ? "Change what you send." : "Send it again later. If that does not help, report its ID.";
  }
};

/** What the server found wrong with a request: `errors`, an extension of its problem details. */
const faultsOf = (errors: unknown): readonly string[] =>
  Array.isArray(errors) ? errors.filter(isFault).map(({ path, message }) => `${path}: ${message}.`) : [];

const isFault = (value: unknown): value is { readonly path: unknown; readonly message: unknown } =>
  typeof value === "object" && value !== null && "path" in value && "message" in value;
