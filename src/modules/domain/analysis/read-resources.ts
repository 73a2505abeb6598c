import type { HclBlock } from '../hcl/hcl-tree.js';
import type { ModuleCall, ModuleResource } from '../module-analysis.js';
import type { Declarations } from './declarations.js';
import { textOf } from './read-values.js';

const MODES: Readonly<Record<string, ModuleResource['mode']>> = {
  resource: 'managed',
  data: 'data',
  ephemeral: 'ephemeral',
};
const INSTANCE_KEY = /\[[^\]]*\]/g;

/** All resources, data sources and ephemeral resources, also the data sources inside `check` blocks. */
export function readResources({ byType }: Declarations): ModuleResource[] {
  const blocks = ['resource', 'data', 'ephemeral'].flatMap((type) => byType.get(type) ?? []);
  const checked = (byType.get('check') ?? []).flatMap(({ block }) =>
    block.body.blocks.filter(({ type, labels }) => type === 'data' && labels.length === 2),
  );
  return [...blocks.map(({ block }) => block), ...checked].map(readResource);
}

function readResource(block: HclBlock): ModuleResource {
  const [type = '', name = ''] = block.labels;
  const [chosen = ''] = textOf(block, 'provider').split('.', 1);
  const [implied = ''] = type.split('_', 1);
  return { name, type, mode: MODES[block.type] ?? 'managed', provider: chosen === '' ? implied : chosen };
}

/** Reads a `module` block. */
export function readCall(block: HclBlock): ModuleCall {
  return { name: block.labels[0] ?? '', source: textOf(block, 'source'), version: textOf(block, 'version') };
}

/** Addresses that `moved` and `removed` blocks account for, without the keys of instances. */
export function readRelocated({ byType }: Declarations): string[] {
  const blocks = [...(byType.get('moved') ?? []), ...(byType.get('removed') ?? [])];
  const addresses = blocks.map(({ block }) => textOf(block, 'from').replaceAll(INSTANCE_KEY, ''));
  return [...new Set(addresses)].filter((address) => address !== '').sort();
}
