import type { Time } from "../../environment/time.ts";

/** Says that this consumer is there while no link can. */
export type PresenceAnnouncer = {
  /** Says it at once, and again and again; does nothing if it does so already. */
  begin(): void;
  end(): void;
};

/** The Worker believes it for 90 s. */
const EVERY_MS = 45_000;

export const createPresence = ({ announce, time }: { readonly announce: () => Promise<void>; readonly time: Time }): PresenceAnnouncer => {
  let timer: unknown;
  let isOn = false;
  const say = (): void => {
    void announce();
    timer = time.setTimeout(say, EVERY_MS);
  };
  return {
    begin() {
      if (isOn) return;
      isOn = true;
      say();
    },
    end() {
      isOn = false;
      time.clearTimeout(timer);
    },
  };
};
