import type { ComponentChildren, VNode } from 'preact';
import { safeHref } from './safe-href.js';

/** What a form is made of; fields without a value are left out. */
export interface PostFormProps {
  action: string;
  /** Of the session; a form for people who are not signed in has none. */
  csrfToken?: string | undefined;
  hidden?: Readonly<Record<string, string | undefined>>;
  class?: string;
  children: ComponentChildren;
}

/** A form that changes something: with the value that proves that it comes from a page of this site. */
export function PostForm({ action, csrfToken, hidden = {}, class: name, children }: PostFormProps): VNode {
  const fields = Object.entries({ csrf_token: csrfToken, ...hidden });
  return (
    <form method="post" action={safeHref(action) ?? '/'} class={name}>
      {fields.map(([field, value]) =>
        value === undefined ? null : <input key={field} type="hidden" name={field} value={value} />,
      )}
      {children}
    </form>
  );
}
