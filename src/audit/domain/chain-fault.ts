/**
 * What is wrong with a chain at one place. `changed`, `reordered` and `removed` are entries; `head` is the end that
 * the chain itself names, `checkpoint` where it begins after retention.
 */
export interface ChainFault {
  readonly kind: 'changed' | 'reordered' | 'removed' | 'head' | 'checkpoint';
  readonly seq: number;
  /** The last of the removed entries. */
  readonly lastSeq?: number;
  /** The place that a moved entry had. */
  readonly movedFrom?: number;
  readonly id?: string;
}

/** One line that says which entry it is and what happened to it. */
export function describeFault(chain: string, fault: ChainFault): string {
  const { kind, seq, lastSeq = seq, movedFrom, id } = fault;
  const place = `${chain} #${seq}`;
  switch (kind) {
    case 'changed':
      return `${place} (${id}): the entry was changed`;
    case 'reordered':
      return `${place} (${id}): the entry was moved here from #${movedFrom}`;
    case 'removed':
      return lastSeq === seq
        ? `${place}: the entry was removed`
        : `${place} to #${lastSeq}: ${lastSeq - seq + 1} entries were removed`;
    case 'head':
      return `${chain}: the end of the chain is not recorded any more; its last entry is #${seq}`;
    case 'checkpoint':
      return `${place}: the checkpoint of the retention does not fit the chain`;
  }
}
