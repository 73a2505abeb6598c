/** What somebody who starts the registry at a terminal needs next: a key, and a CLI configuration to copy. */
export function welcomeText(baseUrl: string): string {
  return `
The registry is ready at ${baseUrl} (interface description: ${baseUrl}/api-docs/).

A key for publishing:
  npm run -s cli -- keys create --name ci --scopes modules:write,providers:write

${baseUrl.startsWith('https:') ? discovered(baseUrl) : undiscovered(baseUrl)}
`;
}

/** What is shown once while the first-run setup is open. */
export function setupText(publicUrl: string, token: string): string {
  return `
First-run setup is open at ${publicUrl}/api/v1/setup/status. Its token, shown this once:
  ${token}
Send it as: Authorization: SetupToken <token>

`;
}

function discovered(baseUrl: string): string {
  const { host } = new URL(baseUrl);
  return `Addresses for Terraform and OpenTofu:
  ${host}/<namespace>/<name>/<system>   modules
  ${host}/<namespace>/<type>            providers`;
}

/** Clients discover services over https only; a host block takes the place of discovery. */
function undiscovered(baseUrl: string): string {
  return `For Terraform and OpenTofu, in ~/.terraformrc or the file that TF_CLI_CONFIG_FILE names:
  host "registry.test" {
    services = {
      "modules.v1"   = "${baseUrl}/v1/modules/"
      "providers.v1" = "${baseUrl}/v1/providers/"
    }
  }`;
}
