import type { VNode } from 'preact';

/** What a field is made of; `autoComplete` tells password managers what belongs there. */
export interface TextFieldProps {
  name: string;
  label: string;
  type: 'email' | 'password';
  autoComplete: 'username' | 'current-password' | 'new-password';
  value?: string | undefined;
  hint?: string | undefined;
}

/** A labeled input that must be filled in. */
export function TextField({ name, label, type, autoComplete, value, hint }: TextFieldProps): VNode {
  const hintId = hint === undefined ? undefined : `${name}-hint`;
  const attributes = { id: name, name, autoComplete, value, 'aria-describedby': hintId, required: true };
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {type === 'email' ? <input type="email" {...attributes} /> : <input type="password" {...attributes} />}
      {hint !== undefined && (
        <p id={hintId} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}
