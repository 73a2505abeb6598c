import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { AUDITED } from '../access/audited.decorator.js';

const READING: ReadonlySet<unknown> = new Set([RequestMethod.GET, RequestMethod.HEAD, RequestMethod.OPTIONS]);

/**
 * Refuses to start an application with a route that may change something and does not say what becomes of it in
 * the audit log (threat I12); the error names the handlers.
 */
@Injectable()
export class RouteAuditCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const silent = this.handlersWithoutDeclaration();
    if (silent.length > 0) {
      throw new Error(
        `These routes may change something and do not say what is recorded: ${silent.join(', ')}. ` +
          'Give each @Audited(resource), or @NotAudited with the reason.',
      );
    }
  }

  /** `Controller.method` of every changing route handler without a declaration. */
  private handlersWithoutDeclaration(): string[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, object>;
      return this.scanner
        .getAllMethodNames(prototype)
        .filter((name) => isChanging(prototype[name]!) && !Reflect.hasMetadata(AUDITED, prototype[name]!))
        .map((name) => `${metatype.name}.${name}`);
    });
  }
}

function isChanging(method: object): boolean {
  if (!Reflect.hasMetadata(PATH_METADATA, method)) return false;
  return !READING.has(Reflect.getMetadata(METHOD_METADATA, method) ?? RequestMethod.GET);
}
