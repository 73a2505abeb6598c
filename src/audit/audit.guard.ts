import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AUDITED, type RouteAudit } from '../access/audited.decorator.js';
import { RequestContext } from '../platform/request-context/request-context.js';

/** Lets every request through; notes for `RequestRecorder` that this one has to leave a record. */
@Injectable()
export class AuditGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const active = RequestContext.current();
    if (active === undefined || active.method === 'GET') return true;
    const audit = this.reflector.get<RouteAudit | undefined>(AUDITED, context.getHandler());
    if (audit !== undefined && 'resource' in audit) active.mustAudit = true;
    return true;
  }
}
