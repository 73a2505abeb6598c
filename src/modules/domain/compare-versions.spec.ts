import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzeModule } from './analysis/analyze-module.js';
import { compareVersions } from './compare-versions.js';
import type { ComparedVersion } from './compare-versions.js';
import type { ModuleChange, VersionComparison, VersionStep } from './version-comparison.js';

type Files = string | Readonly<Record<string, string>>;

function versionOf(version: string, files: Files): ComparedVersion {
  const sources = typeof files === 'string' ? { 'main.tf': files } : files;
  const { root, submodules, examples } = analyzeModule(new Map(Object.entries(sources)));
  return { version, parts: [root, ...submodules, ...examples] };
}

const compare = (from: Files, to: Files, numbers: [string, string] = ['1.0.0', '2.0.0']): VersionComparison =>
  compareVersions(versionOf(numbers[0], from), versionOf(numbers[1], to));

const input = (body: string): string => `variable "a" {\n${body}\n}\n`;
const output = (body: string): string => `output "a" {\nvalue = 1\n${body}\n}\n`;
const aws = (version: string, more = ''): string =>
  `terraform {\nrequired_providers {\naws = { source = "hashicorp/aws", version = "${version}"${more} }\n}\n}\n`;
const terraform = (version: string): string => `terraform {\nrequired_version = "${version}"\n}\n`;
const typed = (type: string): string => input(`type = ${type}`);

type Row = [what: string, from: Files, to: Files, change: string, needed: VersionStep];

const summary = ({ kind, name, change }: ModuleChange): string => `${change} ${kind} ${name}`;

describe('comparing two versions of a module', () => {
  it.each<Row>([
    ['an optional input is new', '', input('default = 1'), 'added input a', 'minor'],
    ['an input with a null default is new', '', input('default = null'), 'added input a', 'minor'],
    ['a required input is new', '', input(''), 'added input a', 'major'],
    ['an input is gone', input('default = 1'), '', 'removed input a', 'major'],
    ['a default is gone', input('default = 1'), input(''), 'changed input a', 'major'],
    ['a default is new', input(''), input('default = 1'), 'changed input a', 'minor'],
    ['a default is another', input('default = 1'), input('default = 2'), 'changed input a', 'minor'],
    [
      'a description is another',
      input('description = "x"'),
      input('description = "y"'),
      'changed input a',
      'patch',
    ],
    ['a type takes fewer values', typed('string'), typed('number'), 'changed input a', 'major'],
    ['a type takes more values', typed('number'), typed('string'), 'changed input a', 'minor'],
    ['a type became any', typed('list(string)'), typed('any'), 'changed input a', 'minor'],
    ['a type is any no longer', typed('any'), typed('list(string)'), 'changed input a', 'major'],
    ['a list became a set', typed('list(string)'), typed('set(string)'), 'changed input a', 'minor'],
    ['a list became a map', typed('list(string)'), typed('map(string)'), 'changed input a', 'major'],
    ['elements take fewer values', typed('map(string)'), typed('map(bool)'), 'changed input a', 'major'],
    [
      'an object became a map',
      typed('object({ x = string })'),
      typed('map(string)'),
      'changed input a',
      'minor',
    ],
    [
      'a map became an object',
      typed('map(string)'),
      typed('object({ x = string })'),
      'changed input a',
      'major',
    ],
    [
      'an optional attribute is new',
      typed('object({ x = string })'),
      typed('object({ x = string, y = optional(number) })'),
      'changed input a',
      'minor',
    ],
    [
      'a required attribute is new',
      typed('object({ x = string })'),
      typed('object({ x = string, y = number })'),
      'changed input a',
      'major',
    ],
    [
      'an attribute became optional',
      typed('map(object({ x = string }))'),
      typed('map(object({ x = optional(string) }))'),
      'changed input a',
      'minor',
    ],
    [
      'an attribute became required',
      typed('map(object({ x = optional(string, "d") }))'),
      typed('map(object({ x = string }))'),
      'changed input a',
      'major',
    ],
    [
      'an attribute is gone',
      typed('object({ x = string, y = optional(string) })'),
      typed('object({ x = string })'),
      'changed input a',
      'major',
    ],
    [
      'the default of an attribute is another',
      typed('object({ x = optional(number, 1) })'),
      typed('object({ x = optional(number, 2) })'),
      'changed input a',
      'minor',
    ],
    [
      'a tuple is longer',
      typed('tuple([string])'),
      typed('tuple([string, string])'),
      'changed input a',
      'major',
    ],
    [
      'a tuple became a list',
      typed('tuple([number, bool])'),
      typed('list(string)'),
      'changed input a',
      'minor',
    ],
    ['an input became sensitive', input(''), input('sensitive = true'), 'changed input a', 'minor'],
    ['an input became ephemeral', input(''), input('ephemeral = true'), 'changed input a', 'minor'],
    ['an input is ephemeral no longer', input('ephemeral = true'), input(''), 'changed input a', 'major'],
    ['null is refused', input(''), input('nullable = false'), 'changed input a', 'major'],
    [
      'null stands for the default',
      input('default = 1'),
      input('default = 1\nnullable = false'),
      'changed input a',
      'minor',
    ],
    [
      'null stands for the default no longer',
      input('default = 1\nnullable = false'),
      input('default = 1'),
      'changed input a',
      'major',
    ],
    ['a deprecation is new', input(''), input('deprecated = "use b"'), 'changed input a', 'minor'],
    ['a deprecation is gone', input('deprecated = "use b"'), input(''), 'changed input a', 'patch'],
    [
      'a validation is new',
      input(''),
      input('validation {\ncondition = var.a > 1\nerror_message = "x"\n}'),
      'changed input a',
      'major',
    ],
    [
      'a validation is gone',
      input('validation {\ncondition = var.a > 1\nerror_message = "x"\n}'),
      input(''),
      'changed input a',
      'minor',
    ],
    [
      'the message of a validation is another',
      input('validation {\ncondition = var.a > 1\nerror_message = "x"\n}'),
      input('validation {\ncondition = var.a > 1\nerror_message = "y"\n}'),
      'changed input a',
      'patch',
    ],
    ['an output is new', '', output(''), 'added output a', 'minor'],
    ['an output is gone', output(''), '', 'removed output a', 'major'],
    ['an output became sensitive', output(''), output('sensitive = true'), 'changed output a', 'major'],
    ['an output is sensitive no longer', output('sensitive = true'), output(''), 'changed output a', 'minor'],
    ['an output became ephemeral', output(''), output('ephemeral = true'), 'changed output a', 'major'],
    ['an output is described', output(''), output('description = "x"'), 'changed output a', 'patch'],
    ['a provider is new', '', aws('>= 5'), 'added provider aws', 'minor'],
    ['a provider is gone', aws('>= 5'), '', 'removed provider aws', 'minor'],
    ['a provider needs newer versions', aws('>= 5.0'), aws('>= 5.1'), 'changed provider aws', 'major'],
    ['a provider may be newer', aws('~> 5.0'), aws('>= 5.0'), 'changed provider aws', 'minor'],
    ['a constraint says the same', aws('~> 5.0'), aws('>= 5.0, < 6.0'), 'changed provider aws', 'patch'],
    ['one release is excluded', aws('>= 5.0'), aws('>= 5.0, != 5.3.1'), 'changed provider aws', 'major'],
    ['a constraint is gone', aws('~> 5.0'), aws(''), 'changed provider aws', 'minor'],
    ['nobody can read a constraint', aws('~> 5.0'), aws('five'), 'changed provider aws', 'major'],
    [
      'a provider comes from elsewhere',
      aws('>= 5'),
      aws('>= 5').replace('hashicorp/aws', 'acme/aws'),
      'changed provider aws',
      'major',
    ],
    [
      'a configuration must be passed',
      aws('>= 5'),
      aws('>= 5', ', configuration_aliases = [aws.east]'),
      'changed provider aws',
      'major',
    ],
    [
      'Terraform must be newer',
      terraform('>= 1.0'),
      terraform('>= 1.5'),
      'changed required_version required_version',
      'major',
    ],
    [
      'Terraform is constrained',
      '',
      terraform('>= 1.0'),
      'changed required_version required_version',
      'major',
    ],
    [
      'Terraform may be older',
      terraform('>= 1.5'),
      terraform('>= 1.3'),
      'changed required_version required_version',
      'minor',
    ],
    [
      'a resource is new',
      aws('>= 5'),
      `${aws('>= 5')}resource "aws_a" "b" {}`,
      'added resource aws_a.b',
      'minor',
    ],
    [
      'a resource is gone',
      `${aws('>= 5')}resource "aws_a" "b" {}`,
      aws('>= 5'),
      'removed resource aws_a.b',
      'major',
    ],
    [
      'a resource is forgotten on purpose',
      `${aws('>= 5')}resource "aws_a" "b" {}`,
      `${aws('>= 5')}removed {\nfrom = aws_a.b\n}`,
      'removed resource aws_a.b',
      'minor',
    ],
    [
      'a data source is gone',
      `${aws('>= 5')}data "aws_a" "b" {}`,
      aws('>= 5'),
      'removed resource data.aws_a.b',
      'minor',
    ],
    ['a call is new', '', 'module "m" {\nsource = "./m"\n}', 'added module_call m', 'minor'],
    ['a call is gone', 'module "m" {\nsource = "./m"\n}', '', 'removed module_call m', 'major'],
    [
      'a call moved',
      'module "m" {\nsource = "./m"\n}',
      'moved {\nfrom = module.m\nto = module.n\n}',
      'removed module_call m',
      'minor',
    ],
    [
      'a call takes another version',
      'module "m" {\nsource = "a/b/c"\nversion = "1.0.0"\n}',
      'module "m" {\nsource = "a/b/c"\nversion = "1.1.0"\n}',
      'changed module_call m',
      'minor',
    ],
    ['a submodule is new', '', { 'modules/m/main.tf': input('') }, 'added submodule modules/m', 'minor'],
    ['a submodule is gone', { 'modules/m/main.tf': input('') }, '', 'removed submodule modules/m', 'major'],
    [
      'an input of a submodule is gone',
      { 'modules/m/main.tf': input('') },
      { 'modules/m/main.tf': '' },
      'removed input modules/m: a',
      'major',
    ],
  ])('%s', (_what, from, to, change, needed) => {
    const { changes, verdict } = compare(from, to);
    expect(changes.map(summary)).toEqual([change]);
    expect(changes[0]?.breaking).toBe(needed === 'major');
    expect(changes[0]?.detail).toMatch(/^[A-Z`].*\.$/s);
    expect(verdict).toEqual({ needed, declared: 'major', ok: true });
  });

  it('sees no change where only the writing differs', () => {
    const from = `${typed('object({ x = string, y = list(any) })')}${aws('>= 5.0,< 6')}`;
    const to = `# comment\n${typed('object({\n y = list(any)\n x = string\n})')}\n${aws('>=5.0, < 6')}`;
    expect(compare(from, to).changes).toEqual([]);
    expect(compare('', { 'examples/x/main.tf': input('') }).changes).toEqual([]);
  });

  it('says everything about one input in one sentence, the worst first', () => {
    const [change, ...more] = compare(
      input('type = string\ndescription = "x"\ndefault = "a"'),
      input('type = bool\ndescription = "y"'),
    ).changes;
    expect(more).toEqual([]);
    expect(change?.detail).toBe(
      'The type changed from `string` to `bool`: it takes bool instead of string; the default was removed, so that the input is required; the description changed.',
    );
  });

  it('finds a resource that moved, and names the place of a nested type', () => {
    const moved = compare(
      'resource "aws_a" "b" {}',
      'resource "aws_a" "c" {}\nmoved {\nfrom = aws_a.b["x"]\nto = aws_a.c["x"]\n}',
    );
    expect(moved.changes.map(summary)).toEqual(
      ['added resource aws_a.c', 'removed resource aws_a.b'].reverse(),
    );
    expect(moved.verdict.needed).toBe('minor');
    const nested = compare(
      typed('map(object({ x = list(object({ y = string })) }))'),
      typed('map(object({ x = list(object({ y = string, z = number })) }))'),
    );
    expect(nested.changes[0]?.detail).toContain('`[*].x[*].z` is new and required');
  });

  it.each<[string, string, Files, Files, VersionStep, VersionStep, boolean]>([
    ['1.0.0', '1.0.1', '', '', 'patch', 'patch', true],
    ['1.0.0', '1.0.1', '', input('default = 1'), 'minor', 'patch', false],
    ['1.0.0', '1.1.0', '', input('default = 1'), 'minor', 'minor', true],
    ['1.0.0', '1.1.0', '', input(''), 'major', 'minor', false],
    ['1.9.0', '2.0.0', '', input(''), 'major', 'major', true],
    ['1.9.0', '2.0.0', '', '', 'patch', 'major', true],
    ['0.1.0', '0.2.0', '', input(''), 'minor', 'minor', true],
    ['0.1.0', '0.1.1', '', input(''), 'minor', 'patch', false],
    ['0.9.0', '1.0.0', '', input(''), 'major', 'major', true],
    ['1.9.0', '2.0.0-rc.1', '', input(''), 'major', 'major', true],
    ['2.0.0-rc.1', '2.0.0', '', input(''), 'major', 'major', true],
    ['2.0.0-rc.1', '2.0.0-rc.2', '', input(''), 'major', 'major', true],
    ['1.3.0-rc.1', '1.3.0', '', input(''), 'major', 'minor', false],
    ['1.3.1-rc.1', '1.3.1', '', input('default = 1'), 'minor', 'patch', false],
    ['2.0.0-rc.1', '2.0.1', '', input(''), 'major', 'major', true],
    ['2.0.0', '1.0.0', input(''), '', 'major', 'major', true],
    ['1.0.0', '1.0.0', '', '', 'patch', 'patch', true],
  ])('%s to %s', (from, to, before, after, needed, declared, ok) => {
    expect(compare(before, after, [from, to]).verdict).toEqual({ needed, declared, ok });
  });

  it('takes the parts in any order, and any order of declarations', () => {
    const files = {
      'main.tf': 'variable "b" {}\nvariable "a" {}\noutput "a" {}\nresource "x_y" "z" {}\n',
      'modules/n/main.tf': 'variable "c" {}\n',
      'modules/m/main.tf': 'variable "c" {}\n',
    };
    const whole = versionOf('2.0.0', files);
    const order = compareVersions(versionOf('1.0.0', ''), whole).changes;
    expect(order.map(summary)).toEqual([
      'added provider x',
      'added input a',
      'added input b',
      'added output a',
      'added resource x_y.z',
      'added submodule modules/m',
      'added submodule modules/n',
    ]);
    fc.assert(
      fc.property(fc.shuffledSubarray([...whole.parts], { minLength: 3 }), (parts) => {
        expect(compareVersions(versionOf('1.0.0', ''), { version: '2.0.0', parts }).changes).toEqual(order);
      }),
    );
  });

  it('finds the same things going back as going forth', () => {
    const type = fc.letrec<{ type: string }>((tie) => ({
      type: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('any', 'string', 'number', 'bool'),
        tie('type').map((inner) => `list(${inner})`),
        tie('type').map((inner) => `map(${inner})`),
        fc
          .uniqueArray(fc.tuple(fc.constantFrom('x', 'y', 'z'), tie('type'), fc.boolean()), {
            selector: ([name]) => name,
          })
          .map((all) =>
            all.map(([name, inner, isOptional]) => `${name} = ${isOptional ? `optional(${inner})` : inner}`),
          )
          .map((all) => `object({ ${all.join(', ')} })`),
      ),
    })).type;
    fc.assert(
      fc.property(type, type, (from, to) => {
        const forth = compare(typed(from), typed(to)).changes;
        const back = compare(typed(to), typed(from)).changes;
        expect(forth.map(summary)).toEqual(back.map(summary));
        expect(compare(typed(from), typed(from)).changes).toEqual([]);
      }),
    );
  });
});
