import type { ComponentChildren, VNode } from 'preact';

/** Something to know before going on; a problem is read out at once. */
export function Notice({ isProblem, children }: { isProblem?: boolean; children: ComponentChildren }): VNode {
  return (
    <div class={isProblem ? 'notice problem' : 'notice'} role={isProblem ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
