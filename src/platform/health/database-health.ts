import { Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { poolOf } from '../database/data-source.js';
import { DatabaseConnection } from '../database/database-connection.js';
import { Metrics } from '../metrics/metrics.js';
import { Readiness } from './readiness.js';

/** The readiness check `database` and the metric of open connections. */
@Injectable()
export class DatabaseHealth implements OnModuleInit {
  constructor(
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
    @Optional() private readonly connection?: DatabaseConnection,
  ) {}

  onModuleInit(): void {
    if (!this.connection) return;
    const pool = poolOf(this.connection.dataSource);
    this.metrics.watchConnections(() => pool.totalCount);
    this.readiness.register('database', async () => {
      await pool.query('SELECT 1');
    });
  }
}
