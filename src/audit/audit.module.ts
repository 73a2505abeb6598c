import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log.service.js';

/** The audit log. */
@Global()
@Module({ providers: [AuditLog], exports: [AuditLog] })
export class AuditModule {
  static readonly entities: Function[] = [];
}
