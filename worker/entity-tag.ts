/** The `ETag` of a status (RFC 9110 §8.8.3). Two answers of one version are alike to the last byte. */
export const entityTag = (version: number): string => `"${version}"`;

/**
 * The versions that a caller knows already, by `If-None-Match` (RFC 9110 §13.1.2, compared weakly). Tags that are none of ours name none;
 * nor does `*`, which asks of what is there whether it is there.
 */
export const readKnownVersions = (field: string | undefined): readonly number[] =>
  [...(field ?? "").matchAll(/"(0|[1-9]\d{0,9})"/g)].map(([, version]) => Number(version));
