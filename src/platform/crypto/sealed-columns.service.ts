import { Injectable } from '@nestjs/common';
import { SealedColumnsRepository } from './persistence/sealed-columns.repository.js';
import { SecretBox } from './secret-box.js';

/** A column that holds boxes of {@link SecretBox}. The names are constants of the code. */
export interface SealedColumn {
  readonly table: string;
  /** The primary key, a text or a UUID. */
  readonly id: string;
  readonly column: string;
  /** What the box of the row with this id was sealed with. */
  aadOf(id: string): string;
}

/** How far sealing again is. */
export interface ResealProgress {
  readonly column: string;
  readonly resealed: number;
  readonly seen: number;
}

const BATCH_ROWS = 200;

/**
 * Knows every column with sealed secrets and seals them again under the present encryption key, so that the
 * previous one can be taken out of the configuration. Every row is changed by itself and can be read before and
 * after; what was interrupted is begun again and skips what is done.
 */
@Injectable()
export class SealedColumns {
  private readonly columns: SealedColumn[] = [];

  constructor(
    private readonly rows: SealedColumnsRepository,
    private readonly box: SecretBox,
  ) {}

  /** Declares a column; each feature does so for its own. */
  register(column: SealedColumn): void {
    this.columns.push(column);
  }

  /** `table.column` of every declared column. */
  names(): string[] {
    return this.columns.map(({ table, column }) => `${table}.${column}`).sort();
  }

  /**
   * Seals everything again that is not sealed under the present key. Answers how many boxes changed. Throws
   * `SecretUnreadable` when a box needs a key that is not configured; what was done stays done.
   */
  async reseal(report: (progress: ResealProgress) => void = () => undefined): Promise<number> {
    let total = 0;
    for (const column of this.columns) total += await this.resealColumn(column, report);
    return total;
  }

  private async resealColumn(
    column: SealedColumn,
    report: (progress: ResealProgress) => void,
  ): Promise<number> {
    const name = `${column.table}.${column.column}`;
    let [after, seen, resealed] = ['', 0, 0];
    for (;;) {
      const batch = await this.rows.list(column, after, BATCH_ROWS);
      for (const { id, box } of batch) {
        if (this.box.isCurrent(box)) continue;
        const aad = column.aadOf(id);
        // A row that was changed meanwhile was sealed under the present key by whoever changed it.
        if (await this.rows.replace(column, id, box, this.box.seal(this.box.open(box, aad), aad)))
          resealed += 1;
      }
      seen += batch.length;
      report({ column: name, resealed, seen });
      if (batch.length < BATCH_ROWS) return resealed;
      after = batch.at(-1)!.id;
    }
  }
}
