/** A value as it is. */
export const Json = ({ label, value }: { readonly label: string; readonly value: unknown }) => (
  <pre tabIndex={0} aria-label={label}>
    {JSON.stringify(value, undefined, 2)}
  </pre>
);
