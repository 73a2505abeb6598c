import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { Version } from '../../kernel/terraform/version.js';

/** The segment `:version` of the path, in canonical form. Throws `InvalidVersion`. */
export const VersionInPath = createParamDecorator((_: unknown, context: ExecutionContext): Version => {
  return Version.parse(context.switchToHttp().getRequest<{ params: { version: string } }>().params.version);
});

/** Describes that segment in the interface document. */
export const ApiVersionPath = (): MethodDecorator => ApiParam({ name: 'version', type: String });
