import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ROUTE_ACCESS, type RouteAccess } from '../../../../src/access/route-access.decorator.js';
import type { TestApp } from '../../../support/test-app.js';

/** A route of the running application. */
export interface DeclaredRoute {
  readonly method: string;
  /** With its parameters as placeholders: `/api/v1/users/:id`. */
  readonly pattern: string;
  readonly access: RouteAccess;
}

/** Every route of the running application with its rule. */
export function routesOf(app: TestApp): DeclaredRoute[] {
  const scanner = new MetadataScanner();
  return app
    .get(DiscoveryService)
    .getControllers()
    .flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, object>;
      return scanner.getAllMethodNames(prototype).flatMap((name) => routesOn(metatype, prototype[name]!));
    });
}

function routesOn(controller: Function, handler: object): DeclaredRoute[] {
  const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
  const access = Reflect.getMetadata(ROUTE_ACCESS, handler) as RouteAccess | undefined;
  if (method === undefined || access === undefined) return [];
  return pathsOf(controller).flatMap((base) =>
    pathsOf(handler).map((path) => ({
      method: RequestMethod[method]!,
      access,
      pattern: `/${[base, path]
        .map((part) => part.replace(/^\/|\/$/g, ''))
        .filter((part) => part !== '')
        .join('/')}`,
    })),
  );
}

function pathsOf(place: object): string[] {
  return [Reflect.getMetadata(PATH_METADATA, place) as string | string[]].flat();
}
