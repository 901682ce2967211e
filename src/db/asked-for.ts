/** How a statement names the rows that it is about, by ids that are its first parameter. */

interface AskedFor {
  /** Part of the statement's name, since the text differs. */
  readonly label: string;
  /** A condition on the column that holds the id. */
  readonly isAsked: (column: string) => string;
  /** The ids as rows of one column. */
  readonly rows: string;
  /** What the first parameter is. */
  readonly value: unknown;
}

/**
 * One id is compared as one value. PostgreSQL then keeps the plan of a named statement; for a list it makes a new plan
 * each time, because it takes a list it has not seen for ten ids, and that costs several times what the reading costs.
 */
export function askedFor(ids: readonly string[]): AskedFor {
  return ids.length === 1
    ? {
        label: 'one channel',
        isAsked: (column) => `${column} = $1::text`,
        rows: '(values ($1::text))',
        value: ids[0],
      }
    : {
        label: 'some channels',
        isAsked: (column) => `${column} = any($1::text[])`,
        rows: 'unnest($1::text[])',
        value: ids,
      };
}
