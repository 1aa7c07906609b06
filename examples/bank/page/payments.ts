import { type BankClient, byId, element, moneyOf, type Payment } from "./bank-client.ts";

export type Payments = {
  /** Shows how far a payment is. What comes late changes nothing. */
  show(id: string, payment: Payment): void;
  /** Shows a payment that somebody has begun, and follows it to its end by the view. */
  follow(id: string): Promise<void>;
};

/** The last payments are above those before them. */
export const showPayments = (client: BankClient, ownerOf: (account: string) => string): Payments => {
  const shown = new Map<string, { readonly item: HTMLElement; readonly stages: number; readonly begun: string }>();

  const show = (id: string, { payer, payee, cents, journey }: Payment): void => {
    const known = shown.get(id);
    if (known !== undefined && known.stages >= journey.length) return;
    const item = known?.item ?? document.createElement("li");
    const steps = element("ol", ...journey.map(({ stage, at }) => stepOf(stage, at)));
    steps.setAttribute("aria-label", "Journey");
    item.replaceChildren(element("span", `${moneyOf(cents)} from ${ownerOf(payer)} to ${ownerOf(payee)}`), steps);
    const begun = journey[0]?.at ?? "";
    shown.set(id, { item, stages: journey.length, begun });
    if (known !== undefined) return;
    const older = [...shown.values()]
      .filter((other) => other.begun < begun)
      .toSorted((one, other) => (one.begun < other.begun ? 1 : -1))[0];
    byId("payments").insertBefore(item, older?.item ?? null);
  };

  return {
    show,
    async follow(id) {
      for await (const row of client.view("payments", id)) {
        if (row === undefined) continue;
        show(id, row);
        if (row.isOver) return;
      }
    },
  };
};

const stepOf = (stage: string, at: string): HTMLElement => {
  const time = element("time", new Date(at).toLocaleTimeString("en-GB"));
  time.setAttribute("datetime", at);
  const step = element("li", `${stage} `, time);
  step.dataset["stage"] = stage;
  return step;
};
