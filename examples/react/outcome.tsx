import type { ReactNode } from "react";
import type { ClientError } from "../../client/index.ts";
import type { RequestState } from "../../client/react.ts";
import { adviceOn } from "./advice.ts";

export type OutcomeProps = {
  readonly request: RequestState<unknown>;
  /** What there is to say of the reply. */
  readonly children: ReactNode;
};

/** Says how a request stands. Its two live regions are always there, so that what comes into them is read out. */
export const Outcome = ({ request, children }: OutcomeProps) => (
  <>
    <output>{request.state === "succeeded" ? children : TEXTS[request.state]}</output>
    <div role="alert">{request.state === "failed" && <Failure error={request.error} />}</div>
  </>
);

const TEXTS: Readonly<Record<Exclude<RequestState<unknown>["state"], "succeeded">, string>> = {
  idle: "Nothing ordered yet.",
  sending: "Sending …",
  resuming: "Asking how it stands …",
  accepted: "Accepted …",
  processing: "In the works …",
  cancelling: "Being cancelled …",
  failed: "",
};

const Failure = ({ error }: { readonly error: ClientError }) => {
  const title = error.problem?.title ?? "There is no reply";
  return (
    <>
      <h2>{title}</h2>
      {error.message !== title && <p>{error.message}</p>}
      <p>{adviceOn(error)}</p>
      {error.correlationId !== undefined && (
        <p>
          Its ID is <code>{error.correlationId}</code>.
        </p>
      )}
    </>
  );
};
