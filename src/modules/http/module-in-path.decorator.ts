import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';

interface ModulePath {
  readonly params: { readonly namespace: string; readonly name: string; readonly system: string };
}

/** The module that `:namespace/:name/:system` in the path names. Throws `InvalidAddress`. */
export const ModuleInPath = createParamDecorator((_: unknown, context: ExecutionContext): ModuleAddress => {
  return ModuleAddress.parse(context.switchToHttp().getRequest<ModulePath>().params);
});

/** Describes these segments in the interface document, for all routes of a controller. */
export const ApiModulePath = (): ClassDecorator =>
  applyDecorators(
    ...['namespace', 'name', 'system'].map((name) => ApiParam({ name, type: String }) as ClassDecorator),
  ) as ClassDecorator;
