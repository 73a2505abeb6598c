import { Injectable, type OnModuleInit } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ROUTE_ACCESS } from '../access/route-access.decorator.js';

/**
 * Refuses to start an application with a route that does not say who may call it; the error names the handlers.
 * A second rule on one handler is refused by the decorators themselves.
 */
@Injectable()
export class RouteAccessCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const silent = this.handlersWithoutRule();
    if (silent.length > 0) {
      throw new Error(
        `These routes do not declare who may call them: ${silent.join(', ')}. ` +
          'Give each exactly one of @Open, @PublicRead, @Authenticated, @RequireScope or @SignedUrl.',
      );
    }
  }

  /** `Controller.method` of every route handler without a rule. */
  private handlersWithoutRule(): string[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, object>;
      return this.scanner
        .getAllMethodNames(prototype)
        .filter((name) => isRoute(prototype[name]!) && !Reflect.hasMetadata(ROUTE_ACCESS, prototype[name]!))
        .map((name) => `${metatype.name}.${name}`);
    });
  }
}

function isRoute(method: object): boolean {
  return Reflect.hasMetadata(PATH_METADATA, method) && Reflect.hasMetadata(METHOD_METADATA, method);
}
