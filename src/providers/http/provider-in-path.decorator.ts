import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';

interface ProviderPath {
  readonly params: { readonly namespace: string; readonly type: string };
}

/** The provider that `:namespace/:type` in the path names. Throws `InvalidAddress`. */
export const ProviderInPath = createParamDecorator(
  (_: unknown, context: ExecutionContext): ProviderAddress => {
    return ProviderAddress.parse(context.switchToHttp().getRequest<ProviderPath>().params);
  },
);

/** Describes these segments in the interface document, for all routes of a controller. */
export const ApiProviderPath = (): ClassDecorator =>
  applyDecorators(
    ...['namespace', 'type'].map((name) => ApiParam({ name, type: String }) as ClassDecorator),
  ) as ClassDecorator;
