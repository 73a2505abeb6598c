import { HCL_LIMITS } from './hcl-tree.js';
import type { HclBlock, HclBody, HclExpression, HclFile, HclLimits, HclProblem } from './hcl-tree.js';
import { JsonExpression } from './json-expression.js';
import { JsonReader } from './json-reader.js';
import type { JsonMember, JsonNode } from './json-reader.js';

/** JSON does not say what is a block: for each block its labels, and the blocks that may stand in it. */
interface BlockSchema {
  readonly labels: number;
  readonly blocks?: Schema;
}
type Schema = ReadonlyMap<string, BlockSchema>;

const plainBlock: BlockSchema = { labels: 0 };
const schema = (blocks: Readonly<Record<string, BlockSchema>>): Schema => new Map(Object.entries(blocks));

const CONDITIONS = schema({ precondition: plainBlock, postcondition: plainBlock });
const RESOURCE: BlockSchema = {
  labels: 2,
  blocks: schema({
    lifecycle: { labels: 0, blocks: CONDITIONS },
    connection: plainBlock,
    provisioner: { labels: 1 },
  }),
};

const CONFIGURATION = schema({
  terraform: {
    labels: 0,
    blocks: schema({
      required_providers: plainBlock,
      backend: { labels: 1 },
      cloud: plainBlock,
      provider_meta: { labels: 1 },
    }),
  },
  variable: { labels: 1, blocks: schema({ validation: plainBlock }) },
  output: { labels: 1, blocks: CONDITIONS },
  locals: plainBlock,
  provider: { labels: 1 },
  resource: RESOURCE,
  data: RESOURCE,
  ephemeral: RESOURCE,
  module: { labels: 1 },
  moved: plainBlock,
  import: plainBlock,
  removed: { labels: 0, blocks: schema({ lifecycle: plainBlock }) },
  check: { labels: 1, blocks: schema({ data: RESOURCE, assert: plainBlock }) },
});

/** Reads a configuration file in HCL's JSON syntax into the same tree as the native one. Never throws. */
export function parseHclJson(source: string, limits: HclLimits = HCL_LIMITS): HclFile {
  const { node, problem } = new JsonReader(source, limits).read();
  const problems: HclProblem[] = problem === undefined ? [] : [problem];
  const body = node === undefined ? EMPTY : readBody(node, CONFIGURATION, problems);
  return { body, problems: problems.slice(0, limits.maxProblems), steps: source.length };
}

const EMPTY: HclBody = { attributes: new Map(), blocks: [] };

function readBody(node: JsonNode, known: Schema, problems: HclProblem[]): HclBody {
  const attributes = new Map<string, HclExpression>();
  const blocks: HclBlock[] = [];
  for (const { key, line, value } of membersOf(node, problems)) {
    const block = known.get(key);
    if (block !== undefined) {
      readBlocks({ type: key, labels: [], line, schema: block }, value, blocks, problems);
    } else if (attributes.has(key)) {
      problems.push({ line, message: `The argument "${key}" is set twice; the first value counts.` });
    } else {
      attributes.set(key, new JsonExpression(value));
    }
  }
  return { attributes, blocks };
}

interface Header {
  readonly type: string;
  readonly labels: readonly string[];
  readonly line: number;
  readonly schema: BlockSchema;
}

function readBlocks(header: Header, node: JsonNode, into: HclBlock[], problems: HclProblem[]): void {
  if (node.kind === 'scalar' && node.value === null) return;
  if (header.labels.length < header.schema.labels) {
    for (const { key, line, value } of membersOf(node, problems)) {
      readBlocks({ ...header, labels: [...header.labels, key], line }, value, into, problems);
    }
    return;
  }
  for (const one of node.kind === 'array' ? node.items : [node]) {
    const line = node.kind === 'array' ? one.line : header.line;
    const body = readBody(one, header.schema.blocks ?? NO_BLOCKS, problems);
    into.push({ type: header.type, labels: header.labels, line, body });
  }
}

const NO_BLOCKS: Schema = new Map();

/** Members of an object, or of all objects of an array; comments are left out. */
function membersOf(node: JsonNode, problems: HclProblem[]): readonly JsonMember[] {
  if (node.kind === 'object') return node.members.filter(({ key }) => key !== '//');
  if (node.kind === 'array') return node.items.flatMap((item) => membersOf(item, problems));
  problems.push({ line: node.line, message: 'Here an object or an array of objects should stand.' });
  return [];
}
