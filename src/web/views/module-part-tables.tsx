import type { VNode } from 'preact';
import type { ModuleInput, ModulePart } from '../../modules/domain/module-analysis.js';
import { Table } from '../components/table.js';

/** What a part of a module takes, gives, needs and makes. */
export function ModulePartTables({ part }: { part: ModulePart }): VNode {
  const { inputs, outputs, providers, resources, calls, requiredVersion } = part;
  return (
    <>
      <Section id="inputs" title={`Inputs (${inputs.length})`} isEmpty={inputs.length === 0}>
        <Table
          label="Inputs"
          columns={['Name', 'Type', 'Default', 'Description']}
          rows={inputs.map(inputRow)}
        />
      </Section>
      <Section id="outputs" title={`Outputs (${outputs.length})`} isEmpty={outputs.length === 0}>
        <Table
          label="Outputs"
          columns={['Name', 'Description']}
          rows={outputs.map((output) => [
            <code key="name">{output.name}</code>,
            [output.description, output.sensitive ? 'Sensitive.' : '', deprecation(output.deprecated)]
              .filter((text) => text !== '')
              .join(' '),
          ])}
        />
      </Section>
      <Section
        id="requirements"
        title="Requirements"
        isEmpty={requiredVersion === '' && providers.length === 0 && calls.length === 0}
      >
        <Table
          label="Requirements"
          columns={['Needs', 'Version']}
          rows={[
            ...(requiredVersion === '' ? [] : [['Terraform or OpenTofu', requiredVersion]]),
            ...providers.map(({ source, version }) => [<code key="name">{source}</code>, version || 'any']),
            ...calls.map(({ name, source, version }) => [
              <span key="name">
                {`module ${name}: `}
                <code>{source}</code>
              </span>,
              version || '–',
            ]),
          ]}
        />
      </Section>
      <Section id="resources" title={`Resources (${resources.length})`} isEmpty={resources.length === 0}>
        <Table
          label="Resources"
          columns={['Type', 'Name', 'Kind']}
          rows={resources.map(({ type, name, mode }) => [<code key="type">{type}</code>, name, mode])}
        />
      </Section>
    </>
  );
}

function Section(props: { id: string; title: string; isEmpty: boolean; children: VNode }): VNode | null {
  if (props.isEmpty) return null;
  return (
    <section aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      {props.children}
    </section>
  );
}

function inputRow(input: ModuleInput): (VNode | string)[] {
  const notes = [
    input.description,
    input.sensitive ? 'Sensitive.' : '',
    input.nullable ? '' : 'Not null.',
    deprecation(input.deprecated),
    ...input.validations.map(({ error_message }) => error_message),
  ];
  return [
    <code key="name">{input.name}</code>,
    <code key="type">{input.type}</code>,
    input.required ? 'required' : <code key="default">{JSON.stringify(input.default)}</code>,
    notes.filter((text) => text !== '').join(' '),
  ];
}

function deprecation(message: string | null): string {
  return message === null ? '' : `Deprecated: ${message}`;
}
