import type { VNode } from 'preact';
import { Notice } from '../components/notice.js';
import { PostForm } from '../components/post-form.js';
import { TextField } from '../components/text-field.js';
import { Layout, type PageFrame } from './layout.js';

/** What the page for a new password shows. */
export interface ChangePasswordFacts {
  /** The account has a password that somebody else knows. */
  readonly isForced: boolean;
  readonly csrfToken: string;
  readonly minLength: number;
  readonly returnTo: string | undefined;
  readonly problem?: string | undefined;
}

/** Choosing another password. */
export function ChangePasswordView({
  frame,
  facts,
}: {
  frame: PageFrame;
  facts: ChangePasswordFacts;
}): VNode {
  const { isForced, csrfToken, minLength, returnTo, problem } = facts;
  return (
    <Layout frame={frame} title="Change your password">
      {problem !== undefined && <Notice isProblem>{problem}</Notice>}
      {isForced && <p>Somebody else chose your present password. Choose one of your own to go on.</p>}
      <PostForm
        action="/change-password"
        csrfToken={csrfToken}
        hidden={{ return_to: returnTo }}
        class="stack"
      >
        <TextField
          name="current_password"
          label="Present password"
          type="password"
          autoComplete="current-password"
        />
        <TextField
          name="new_password"
          label="New password"
          type="password"
          autoComplete="new-password"
          hint={`At least ${minLength} characters.`}
        />
        <button type="submit">Change password</button>
      </PostForm>
      <p class="hint">You will be signed out everywhere else.</p>
    </Layout>
  );
}
