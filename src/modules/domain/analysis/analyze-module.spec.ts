import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixtureFiles, fixtureModule } from '../../../../test/support/hcl-fixtures.js';
import type { ModuleAnalysis } from '../module-analysis.js';
import { analyzeModule } from './analyze-module.js';

const analyze = (files: Readonly<Record<string, string>>): ModuleAnalysis =>
  analyzeModule(new Map(Object.entries(files)));

const root = (main: string): ModuleAnalysis['root'] => analyze({ 'main.tf': main }).root;

describe('the analysis of a module', () => {
  it('reads a network module with more than 200 inputs', () => {
    const { root: part, submodules, examples, ...rest } = analyzeModule(fixtureModule('network'));
    expect(rest).toEqual({
      licence: 'Apache-2.0',
      changelog: expect.stringContaining('1.0.0') as string,
      problems: [],
    });
    expect(part.inputs.length).toBeGreaterThan(200);
    expect(part.inputs.every(({ description }) => description !== '')).toBe(true);
    expect(part.inputs.find(({ name }) => name === 'public_inbound_acl_rules')).toMatchObject({
      type: 'list(map(string))',
      default: [{ rule_number: 100, rule_action: 'allow', protocol: '-1' }],
      required: false,
    });
    expect(part.inputs.find(({ name }) => name === 'flow_log_log_format')?.default).toBe(
      '${version} ${account-id} %{x}',
    );
    expect(part.outputs).toHaveLength(8);
    expect(part.resources.map(({ type }) => type)).toContain('aws_vpc');
    expect(part.readme).toBe('# Network\n\nCreates a network.\n');
    expect(submodules.map(({ path }) => path)).toEqual(['modules/endpoints']);
    expect(submodules[0]?.providers).toEqual([
      { name: 'aws', source: 'hashicorp/aws', version: '', aliases: [] },
    ]);
    expect(examples.map(({ path, kind }) => [path, kind])).toEqual([['examples/simple', 'example']]);
    expect(examples[0]?.calls).toEqual([{ name: 'network', source: '../..', version: '' }]);
  });

  it('reads a cluster module with nested types, overrides and submodules', () => {
    const { root: part, submodules, problems } = analyzeModule(fixtureModule('cluster'));
    expect(problems).toEqual([]);
    expect(part.requiredVersion).toBe('>= 1.9, < 2.0');
    const input = Object.fromEntries(part.inputs.map((one) => [one.name, one]));
    expect(Object.keys(input)).toEqual([
      'confirmed',
      'create',
      'encryption',
      'name',
      'node_groups',
      'role_arn',
      'token',
    ]);
    expect(input['create']).toMatchObject({ default: false, nullable: false, type: 'bool' });
    expect(input['token']).toMatchObject({
      default: null,
      required: false,
      sensitive: true,
      ephemeral: true,
    });
    expect(input['role_arn']?.deprecated).toBe('Use iam.role_arn.');
    expect(input['node_groups']?.type).toContain('window = optional(tuple([number, string]), [5, "m"])');
    expect(input['node_groups']?.description).toMatch(
      /^Groups of nodes by name\.\n\nEach of them:\n {2}\* `zones`/,
    );
    expect(input['name']?.validations).toEqual([
      {
        condition: 'length(var.name) <= 100 && can(regex("^[a-z][a-z0-9-]*$", var.name))',
        error_message: 'At most 100 characters.',
      },
      { condition: '!strcontains(var.name, "--")', error_message: 'No two dashes in a row.\n' },
    ]);
    expect(part.providers).toEqual([
      { name: 'aws', source: 'hashicorp/aws', version: '>= 5.79', aliases: ['aws.cluster', 'aws.dns'] },
      { name: 'http', source: 'hashicorp/http', version: '', aliases: [] },
      { name: 'random', source: 'hashicorp/random', version: '~> 3.6', aliases: [] },
      { name: 'tls', source: 'registry.opentofu.org/hashicorp/tls', version: '', aliases: [] },
    ]);
    expect(part.resources).toContainEqual({
      name: 'this',
      type: 'aws_eks_cluster',
      mode: 'managed',
      provider: 'aws',
    });
    expect(part.resources).toContainEqual({ name: 'api', type: 'http', mode: 'data', provider: 'http' });
    expect(part.resources.filter(({ mode }) => mode === 'ephemeral')).toHaveLength(1);
    expect(part.calls.map(({ name, version }) => [name, version])).toEqual([
      ['kms', '~> 2.1'],
      ['node_group', ''],
    ]);
    expect(part.relocated).toEqual(['aws_eks_addon.legacy', 'aws_iam_role.cluster']);
    expect(submodules.map(({ path }) => path)).toEqual(
      ['addons', 'fargate-profile', 'identity', 'karpenter', 'node-group'].map((name) => `modules/${name}`),
    );
  });

  it('reads 400 inputs, and the JSON syntax', () => {
    const { root: many, problems } = analyzeModule(fixtureModule('many-inputs'));
    expect(problems).toEqual([]);
    expect(many.inputs).toHaveLength(400);
    expect(many.inputs[7]).toMatchObject({
      name: 'input_007',
      type: 'object({ name = string, count = optional(number, 7), tags = optional(map(string), {}) })',
      default: { name: 'n7', tags: { index: '7', even: false } },
      description: 'Input 7.\n\n  - `name`: the name\n',
    });
    const { root: json, problems: none } = analyzeModule(fixtureModule('json'));
    expect(none).toEqual([]);
    expect(json.inputs.map(({ name, type, default: value }) => [name, type, value])).toEqual([
      ['name', 'string', null],
      ['sizes', 'map(object({ size = optional(number, 3) }))', { a: { size: 1 } }],
    ]);
    expect(json.inputs[0]?.description).toBe('A ${literal}');
    expect(json.inputs[1]?.validations[0]).toEqual({
      condition: 'length(var.sizes) > 0',
      error_message: 'Some.',
    });
    expect(json.providers.map(({ name, version, aliases }) => [name, version, aliases])).toEqual([
      ['aws', '~> 5.0', ['aws.east']],
      ['null', '~> 3.0', []],
    ]);
    expect(json.resources.map(({ type, name }) => `${type}.${name}`)).toEqual([
      'aws_instance.db',
      'null_resource.first',
      'aws_region.here',
      'null_resource.second',
      'aws_instance.web',
    ]);
    expect(json.relocated).toEqual(['aws_instance.old']);
  });

  it('prefers the file of OpenTofu where there is one of each, and takes the rest of both', () => {
    const { root: part, problems } = analyzeModule(fixtureModule('opentofu'));
    expect(problems).toEqual([]);
    expect(part.inputs.map(({ name, default: value }) => [name, value])).toEqual([
      ['from_opentofu', null],
      ['json_opentofu', null],
      ['shared', 2],
    ]);
    expect(part.outputs.map(({ name }) => name)).toEqual(['only']);
  });

  it('reports duplicates and keeps the first', () => {
    const [[, source] = ['', '']] = fixtureFiles((path) => path === 'malformed/duplicates.tf');
    const { root: part, problems } = analyze({ 'main.tf': source });
    expect(part.inputs).toMatchObject([{ name: 'a', required: true }]);
    expect(problems).toEqual([
      { file: 'main.tf', line: 7, message: 'A "variable" block has 1 label, not 0.' },
      {
        file: 'main.tf',
        line: 2,
        message: 'The variable "a" is declared already (main.tf, line 1); the first one counts.',
      },
      {
        file: 'main.tf',
        line: 6,
        message: 'The resource "x_y" "z" is declared already (main.tf, line 5); the first one counts.',
      },
    ]);
  });

  it('replaces the blocks inside by those of an override, and reports one without an original', () => {
    const { root: part, problems } = analyze({
      'main.tf':
        'variable "a" {\ntype = string\nvalidation {\ncondition = one\n}\nvalidation {\ncondition = two\n}\n}\n',
      'a_override.tf':
        'variable "a" {\nvalidation {\ncondition = three\n}\n}\nterraform {\nrequired_version = ">= 2"\n}\n',
      'override.tf.json': '{"variable":{"b":{}}}',
      'versions.tf': 'terraform {\nrequired_version = ">= 1"\n}\n',
    });
    expect(part.inputs).toMatchObject([
      { name: 'a', type: 'string', validations: [{ condition: 'three', error_message: '' }] },
    ]);
    expect(part.requiredVersion).toBe('>= 2');
    expect(problems).toEqual([
      {
        file: 'override.tf.json',
        line: 1,
        message: 'There is no variable "b" that this file could override.',
      },
    ]);
  });

  it('reads old ways of writing', () => {
    const part = root(`
      variable "a" { type = "list" }
      variable "b" {}
      provider "aws" { version = "~> 2.0" }
      provider "aws" {
        alias = "east"
      }
      terraform {
        required_providers { null = "~> 2.1" }
      }
      resource "aws_instance" "x" { provider = "aws.east" }
      resource "google_thing" "y" { provider = google-beta.west }
    `);
    expect(part.inputs.map(({ type }) => type)).toEqual(['list(any)', 'any']);
    expect(part.providers.map(({ name, source, version }) => [name, source, version])).toEqual([
      ['aws', 'hashicorp/aws', '~> 2.0'],
      ['google-beta', 'hashicorp/google-beta', ''],
      ['null', 'hashicorp/null', '~> 2.1'],
    ]);
    expect(part.resources.map(({ provider }) => provider)).toEqual(['aws', 'google-beta']);
  });

  it('keeps a default that is no literal as text, and does not name what is built in', () => {
    const part = root('variable "a" {\ndefault = [var.b,\n 1]\n}\nresource "terraform_data" "x" {}\n');
    expect(part.inputs[0]).toMatchObject({ default: '[var.b, 1]', required: false });
    expect(part.providers).toEqual([]);
  });

  it('takes only folders directly below with configuration, and the best README', () => {
    const {
      root: part,
      submodules,
      examples,
    } = analyze({
      'README.txt': 'text',
      'readme.md': 'markdown',
      'main.tf': '# nothing\n',
      '.hidden.tf': 'variable "a" {}\n',
      'backup.tf~': 'variable "a" {}\n',
      'modules/web/main.tf': 'variable "a" {}\n',
      'modules/web/README': 'web',
      'modules/web/deep/main.tf': '',
      'modules/empty/README.md': '',
      'modules/main.tf': '',
      'examples/one/main.tofu': '',
      'other/main.tf': '',
    });
    expect(part).toMatchObject({ path: '', readme: 'markdown', empty: true, inputs: [] });
    expect(submodules).toMatchObject([{ path: 'modules/web', readme: 'web', empty: false }]);
    expect(examples).toMatchObject([{ path: 'examples/one', empty: true }]);
  });

  it.each([
    [
      'Apache-2.0',
      '   Apache License\n  Version 2.0, January 2004\n TERMS AND CONDITIONS FOR USE, REPRODUCTION',
    ],
    ['MPL-2.0', 'Mozilla Public License Version 2.0\n====\n\n1. Definitions\n "Covered Software"'],
    [
      'GPL-3.0',
      'GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007\n the GNU Affero General Public License',
    ],
    [
      'LGPL-3.0',
      'GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007\n version 3 of the GNU General Public License',
    ],
    [
      'AGPL-3.0',
      'GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007\n the GNU General Public License',
    ],
    [
      'BUSL-1.1',
      'Business Source License 1.1\nAdditional Use Grant: none\nChange Date: 2030\nChange License: MPL 2.0',
    ],
    ['CC0-1.0', 'CC0 1.0 Universal\n\nStatement of Purpose'],
    ['Unlicense', 'This is free and unencumbered software released into the public domain.'],
    [
      'ISC',
      'Permission to use, copy, modify, and/or distribute this software for any\npurpose with or without fee is hereby granted, provided that the above\ncopyright notice and this permission notice appear in all copies.',
    ],
    [
      'MIT',
      'MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nThe above copyright notice and this permission notice shall be included in all\ncopies\nWITHOUT WARRANTY OF ANY KIND',
    ],
    [
      'BSD-2-Clause',
      'Redistribution and use in source and binary forms\n2. Redistributions in binary form must reproduce the above copyright notice\nTHIS SOFTWARE IS PROVIDED BY',
    ],
    [
      'BSD-3-Clause',
      'Redistribution and use in source and binary forms\n2. Redistributions in binary form must reproduce the above copyright notice\n3. Neither the name may be used to endorse or promote products derived from\n   this software without\nTHIS SOFTWARE IS PROVIDED BY',
    ],
    [null, 'All rights reserved.'],
  ])('knows the licence %s', (spdx, text) => {
    expect(analyze({ 'main.tf': '', LICENSE: text }).licence).toBe(spdx);
    expect(analyze({ 'main.tf': '', 'LICENSE.md': text }).licence).toBe(spdx);
  });

  it('lists at most 200 problems and says how many there are besides', () => {
    const { problems } = analyze({ 'main.tf': 'variable "a" {}\n'.repeat(301) });
    expect(problems).toHaveLength(201);
    expect(problems.at(-1)).toEqual({
      file: '',
      line: 0,
      message: 'There are 100 more problems than are listed here.',
    });
  });

  it('never fails, whatever the files hold', () => {
    const block = fc
      .tuple(
        fc.constantFrom(
          'variable',
          'output',
          'resource',
          'terraform',
          'provider',
          'module',
          'moved',
          'check',
          'x',
        ),
        fc.array(fc.constantFrom('"a"', 'b', '"__proto__"'), { maxLength: 3 }),
        fc.array(
          fc.constantFrom(
            'default = x',
            'type = {',
            'required_version = 1',
            'required_providers {\n',
            '}',
            'from = a[',
            'source = null',
            'required_providers {\naws = 1\nb = { (c) = 1 }\n}',
          ),
          { maxLength: 4 },
        ),
      )
      .map(([type, labels, lines]) => `${type} ${labels.join(' ')} {\n${lines.join('\n')}\n}\n`);
    const files = fc.dictionary(
      fc.constantFrom(
        'main.tf',
        'main.tofu',
        'override.tf',
        'x.tf.json',
        'modules/a/b.tf',
        'README.md',
        'LICENSE',
        '/',
        '',
        '__proto__',
      ),
      fc.oneof(
        fc.array(block).map((all) => all.join('')),
        fc.string({ unit: 'binary' }),
        fc.json(),
      ),
    );
    fc.assert(
      fc.property(files, (all) => {
        const analysis = analyze(all);
        expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis);
      }),
      { numRuns: 300 },
    );
  });
});
