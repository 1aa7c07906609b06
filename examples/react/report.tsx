import type { InputHTMLAttributes, SubmitEvent } from "react";
import type { Client, RequestOf } from "../../client/index.ts";
import { isPending, useRequest } from "../../client/react.ts";
import type { contract } from "../../test/project/app/contract.ts";
import { Outcome } from "./outcome.tsx";

/** Orders a report on one line of an order, and shows how that stands. */
export const Report = ({ client }: { readonly client: Client<typeof contract> }) => {
  const { send, ...request } = useRequest(client, "report");
  const onSubmit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    send(readForm(new FormData(event.currentTarget)));
  };
  return (
    <>
      <form onSubmit={onSubmit}>
        <Field label="Account" name="account" defaultValue="acme" />
        <Field label="Date" name="date" type="date" defaultValue="2026-01-15" />
        <Field label="Product" name="product" defaultValue="bolt" />
        <Field label="Quantity" name="quantity" type="number" min={1} defaultValue={100} />
        <Field label="Unit price" name="unitPrice" type="number" min={0} step="any" defaultValue={0.12} />
        <button type="submit" disabled={isPending(request)}>
          Order
        </button>
      </form>
      <Outcome request={request}>{request.reply && `The total of ${request.reply.account} is ${request.reply.total}.`}</Outcome>
    </>
  );
};

const Field = ({ label, ...input }: { readonly label: string } & InputHTMLAttributes<HTMLInputElement>) => (
  <label>
    {label}
    <input required {...input} />
  </label>
);

const readForm = (form: FormData): RequestOf<typeof contract, "report"> => {
  const text = (name: string): string => String(form.get(name));
  const line = { date: text("date"), product: text("product"), quantity: Number(text("quantity")), unitPrice: Number(text("unitPrice")) };
  return { account: text("account"), lines: [line] };
};
