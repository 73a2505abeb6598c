import type { VNode } from 'preact';
import type { VersionLife } from '../../kernel/terraform/version-life.js';
import { Notice } from './notice.js';

/** Why a version should not, or can not, be used. */
export function VersionNotices({ life }: { life: VersionLife }): VNode {
  const { state, stateReason, deprecatedAt, deprecationMessage, replacement } = life;
  return (
    <>
      {deprecatedAt !== null && (
        <Notice isProblem>
          {`This version is deprecated${deprecationMessage === null ? '.' : `: ${deprecationMessage}`}`}
          {replacement === null ? '' : ` Use ${replacement} instead.`}
        </Notice>
      )}
      {state !== 'active' && (
        <Notice
          isProblem
        >{`This version is ${state}${stateReason === null ? '.' : `: ${stateReason}`}`}</Notice>
      )}
    </>
  );
}
