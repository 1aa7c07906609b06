import type { Client } from "../../client/index.ts";
import { isPending, useRequest } from "../../client/react.ts";
import type { contract } from "../../test/project/app/contract.ts";

/** Counts down, and shows how far that is and each number as it comes. It can be cancelled. */
export const Countdown = ({ client }: { readonly client: Client<typeof contract> }) => {
  const { send, cancel, progress, chunks, ...request } = useRequest(client, "countdown");
  const isOn = isPending(request);
  return (
    <section aria-label="Countdown">
      <h2>Countdown</h2>
      <button type="button" disabled={isOn} onClick={() => send({ from: 10 })}>
        Count down
      </button>
      <button type="button" disabled={!isOn || request.state === "cancelling"} onClick={cancel}>
        Cancel
      </button>
      {progress && <progress aria-label="How far it is" max={100} value={progress.percent} />}
      <p>{chunks.map(({ left }) => left).join(" … ")}</p>
      <p aria-live="polite">{request.state === "failed" ? request.error.message : request.state}</p>
    </section>
  );
};
