import type { ComponentChildren, VNode } from 'preact';

/** Rows under named columns; wide ones scroll inside their frame. */
export function Table(props: {
  label: string;
  columns: readonly string[];
  rows: readonly (readonly ComponentChildren[])[];
}): VNode {
  const { label, columns, rows } = props;
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
