import type { LetterFilter } from "./letters.ts";

type LetterFiltersProps = {
  readonly filter: LetterFilter;
  /** Those of the contract. */
  readonly operations: readonly string[];
  readonly onChange: (filter: LetterFilter) => void;
  readonly onRefresh: () => void;
};

const HOUR = 3_600;
const SPANS = [
  [0, "any time"],
  [HOUR, "the last hour"],
  [24 * HOUR, "the last day"],
  [7 * 24 * HOUR, "the last week"],
] as const;

/** Which dead letters are listed. */
export const LetterFilters = ({ filter, operations, onChange, onRefresh }: LetterFiltersProps) => (
  <form
    class="actions list-actions letter-filters"
    aria-label="Filter of the dead letters"
    onSubmit={(event) => {
      event.preventDefault();
      onRefresh();
    }}
  >
    <label for="letter-operation">Of</label>
    <select
      id="letter-operation"
      value={filter.operation}
      onChange={({ currentTarget }) => onChange({ ...filter, operation: currentTarget.value })}
    >
      <option value="">all operations</option>
      {operations.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
    <label for="letter-code">with code</label>
    <input
      id="letter-code"
      placeholder="any"
      spellcheck={false}
      value={filter.code}
      onChange={({ currentTarget }) => onChange({ ...filter, code: currentTarget.value.trim() })}
    />
    <label for="letter-since">of</label>
    <select
      id="letter-since"
      value={filter.withinSeconds}
      onChange={({ currentTarget }) => onChange({ ...filter, withinSeconds: Number(currentTarget.value) })}
    >
      {SPANS.map(([seconds, label]) => (
        <option key={seconds} value={seconds}>
          {label}
        </option>
      ))}
    </select>
    <label class="with-box">
      <input
        id="letter-all"
        type="checkbox"
        checked={filter.all}
        onChange={({ currentTarget }) => onChange({ ...filter, all: currentTarget.checked })}
      />
      settled ones, too
    </label>
    <button type="submit" class="quiet">
      Refresh
    </button>
  </form>
);
