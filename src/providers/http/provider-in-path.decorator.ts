import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';

interface ProviderPath {
  readonly params: { readonly namespace: string; readonly type: string; readonly version: string };
  /** What the permission guard found out on routes that are read in public. */
  readonly mirroredHost?: string;
}

/**
 * The provider that `:namespace/:type` in the path means; where changes are made only its name, because the grant says
 * which one it is. Throws `InvalidAddress`.
 */
export const ProviderInPath = createParamDecorator(
  (_: unknown, context: ExecutionContext): ProviderAddress => {
    const { params, mirroredHost = '' } = context.switchToHttp().getRequest<ProviderPath>();
    return ProviderAddress.parse(params).from(mirroredHost);
  },
);

/**
 * The version in `:version`, in canonical form; of a mirrored provider it may have build metadata. `changed`: whether the
 * provider is mirrored is found out later. Throws `InvalidVersion`.
 */
export const ProviderVersionInPath = createParamDecorator(
  (use: 'read' | 'changed', context: ExecutionContext): Version => {
    const { params, mirroredHost } = context.switchToHttp().getRequest<ProviderPath>();
    const { version } = params;
    const mayHaveBuild = use === 'changed' || mirroredHost !== undefined;
    return mayHaveBuild && version.includes('+') ? Version.parseExact(version) : Version.parse(version);
  },
);

/** Describes these segments in the interface document, for all routes of a controller. */
export const ApiProviderPath = (): ClassDecorator =>
  applyDecorators(
    ...['namespace', 'type'].map((name) => ApiParam({ name, type: String }) as ClassDecorator),
  ) as ClassDecorator;
