import { useState } from "preact/hooks";
import { emptyOf, type Field, type Member } from "./field.ts";
import { type Path, pathText } from "./path.ts";
import type { DraftProblem } from "./draft.ts";

/** What every part of the form needs. */
type FormProps = {
  readonly path: Path;
  readonly value: unknown;
  readonly problems: readonly DraftProblem[];
  /** The value that is to be there; undefined: none. */
  readonly onChange: (path: Path, value: unknown) => void;
};

/** So many items of a list are shown; more are for the JSON. */
const MAX_ITEMS = 10;

/** The members of an object, each with its label. */
export const MembersView = ({ members, path, value, ...form }: FormProps & { readonly members: readonly Member[] }) => (
  <>
    {members.map((member) => (
      <MemberView key={member.name} {...form} member={member} path={[...path, member.name]} value={memberOf(value, member.name)} />
    ))}
  </>
);

const MemberView = ({ member, ...form }: FormProps & { readonly member: Member }) => {
  const { field, name, isRequired, hint } = member;
  const label = isRequired ? name : `${name} (optional)`;
  if (field.kind === "object")
    return (
      <fieldset>
        <legend>{label}</legend>
        <MembersView {...form} members={field.members} />
      </fieldset>
    );
  if (field.kind === "list") return <ListView {...form} label={label} item={field.item} />;
  return <InputView {...form} field={field} label={label} hint={hint} isRequired={isRequired} />;
};

const ListView = ({ label, item, path, value, problems, onChange }: FormProps & { readonly label: string; readonly item: Field }) => {
  const items = Array.isArray(value) ? value : [];
  return (
    <fieldset>
      <legend>
        {label}: {items.length}
      </legend>
      {items.slice(0, MAX_ITEMS).map((_, index) => (
        <div class="item" key={index}>
          <div class="row">
            <ItemView field={item} index={index} path={[...path, index]} value={items[index]} problems={problems} onChange={onChange} />
          </div>
          <button
            type="button"
            class="quiet remove"
            aria-label={`Remove ${pathText([...path, index])}`}
            onClick={() => onChange([...path, index], undefined)}
          >
            ×
          </button>
        </div>
      ))}
      {items.length > MAX_ITEMS && <p class="hint">{items.length - MAX_ITEMS} more are in the JSON.</p>}
      <button type="button" class="quiet" onClick={() => onChange([...path, items.length], items.at(-1) ?? emptyOf(item))}>
        Add to {label}
      </button>
    </fieldset>
  );
};

const ItemView = ({ field, index, ...form }: FormProps & { readonly field: Field; readonly index: number }) =>
  field.kind === "object" ? (
    <MembersView {...form} members={field.members} />
  ) : field.kind === "list" ? (
    <ListView {...form} label={`${index + 1}`} item={field.item} />
  ) : (
    <InputView {...form} field={field} label={`${index + 1}`} hint="" isRequired />
  );

type InputProps = FormProps & {
  readonly field: Exclude<Field, { kind: "object" | "list" }>;
  readonly label: string;
  readonly hint: string;
  readonly isRequired: boolean;
};

const InputView = ({ field, label, hint, isRequired, path, value, problems, onChange }: InputProps) => {
  const id = `field-${pathText(path)}`;
  const own = problems.filter((problem) => problem.path === pathText(path));
  const described = `${id}-hint`;
  const shared = { id, "aria-invalid": own.length > 0, "aria-describedby": described } as const;
  const put = (next: unknown): void => onChange(path, next);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {field.kind === "boolean" ? (
        <input {...shared} type="checkbox" checked={value === true} onChange={({ currentTarget }) => put(currentTarget.checked)} />
      ) : field.kind === "choice" ? (
        <select {...shared} onChange={({ currentTarget }) => put(field.values[currentTarget.selectedIndex - 1])}>
          <option value="" selected={value === undefined}>
            choose one
          </option>
          {field.values.map((choice) => (
            <option key={choice} selected={choice === value}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <TextView {...shared} field={field} value={value} isRequired={isRequired} onChange={put} />
      )}
      <p id={described} class={own.length > 0 ? "wrong" : "hint"}>
        {own.length > 0 ? own.map(({ message }) => message).join("; ") : hint}
      </p>
    </div>
  );
};

type TextProps = {
  readonly id: string;
  readonly field: Extract<Field, { kind: "text" | "number" | "json" }>;
  readonly value: unknown;
  readonly isRequired: boolean;
  readonly onChange: (value: unknown) => void;
};

/** Keeps the text as it is typed for as long as it means the value: `1.` is on its way to `1.5`. */
const TextView = ({ field, value, isRequired, onChange, ...attributes }: TextProps) => {
  const [typed, setTyped] = useState("");
  const text = isAlike(meaningOf(field, typed, isRequired), value) ? typed : textOf(field, value);
  return (
    <input
      {...attributes}
      // Preact's types know each type of input, but no choice of them.
      type={(field.kind === "text" ? field.type : "text") as "text"}
      inputMode={field.kind === "number" ? "decimal" : undefined}
      maxLength={field.kind === "text" ? field.maxLength : undefined}
      autocomplete="off"
      value={text}
      onInput={({ currentTarget }) => {
        setTyped(currentTarget.value);
        onChange(meaningOf(field, currentTarget.value, isRequired));
      }}
    />
  );
};

/** The value that a text means. What is no number stays a text, so that the schema says what is wrong with it. */
const meaningOf = (field: TextProps["field"], text: string, isRequired: boolean): unknown => {
  if (text === "" && !(field.kind === "text" && isRequired)) return undefined;
  if (field.kind === "text") return text;
  try {
    return field.kind === "number" ? toNumber(text) : JSON.parse(text);
  } catch {
    return text;
  }
};

/** Whether two values are one in JSON, as -0 and 0 are. */
const isAlike = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const toNumber = (text: string): number | string => {
  const number = Number(text.replace(",", "."));
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
};

const textOf = (field: TextProps["field"], value: unknown): string => {
  if (value === undefined) return "";
  return typeof value === "string" && field.kind !== "json" ? value : JSON.stringify(value);
};

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
