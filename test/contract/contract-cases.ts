import { format } from 'node:util';

/** Cases that a backend cannot show, by title, with the reason. A title with places for values names all of its rows. */
export type ContractGaps = Readonly<Record<string, string>>;

type Test<Row extends unknown[]> = (...row: Row) => Promise<void> | void;

/** As much of Vitest's `it` as a contract suite needs. */
export interface ContractIt {
  (title: string, test: Test<[]>): void;
  readonly each: {
    <Row extends unknown[] | [unknown]>(rows: readonly Row[]): (title: string, test: Test<Row>) => void;
    <Value>(rows: readonly Value[]): (title: string, test: Test<[Value]>) => void;
  };
}

/**
 * What registers the cases of a backend with `it`, except its gaps; the table of cases names those. And the gaps that
 * no case had so far.
 */
export function casesWithout(
  gaps: ContractGaps,
  it: ContractIt,
): { it: ContractIt; unknownGaps: ReadonlySet<string> } {
  const unknownGaps = new Set(Object.keys(gaps));
  const isGap = (title: string): boolean => unknownGaps.delete(title) || title in gaps;
  const register = (title: string, test: Test<[]>): void => (isGap(title) ? undefined : it(title, test));
  const each =
    <Value>(rows: readonly Value[]) =>
    (title: string, test: Test<[Value]>): void => {
      const places = title.match(/%[sidj]/g)?.length ?? 0;
      const shown = rows.filter((row) => !isGap(format(title, ...[row].flat().slice(0, places))));
      if (!isGap(title)) it.each(shown)(title, test);
    };
  return { it: Object.assign(register, { each: each as ContractIt['each'] }), unknownGaps };
}
