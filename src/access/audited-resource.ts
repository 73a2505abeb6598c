/** The kinds of object that the audit log speaks of (REST contract 28). */
export type AuditedResource =
  | 'module'
  | 'provider'
  | 'user'
  | 'mirror'
  | 'api_key'
  | 'organization'
  | 'terraform_binary'
  | 'scm_provider'
  | 'storage'
  | 'oidc'
  | 'role_template'
  | 'policy'
  | 'approval'
  | 'session'
  | 'setup';
