import { tarFile, tarGz } from '../test/support/archives/tar-builder.js';

/** A module in the manner of large public ones: `inputs` variables, outputs, resources, submodules and examples. */
export function largeModule(inputs: number, release = 0): Buffer {
  const folders = ['', 'modules/web/', 'modules/data/', 'examples/complete/', 'examples/simple/'];
  const files = folders.flatMap((folder) => [
    tarFile(`${folder}variables.tf`, variables(folder === '' ? inputs : 12)),
    tarFile(`${folder}outputs.tf`, outputs(folder === '' ? 60 : 6)),
    tarFile(`${folder}main.tf`, resources(folder === '' ? 40 : 5)),
    tarFile(`${folder}README.md`, readme(folder, release)),
  ]);
  return tarGz([...files, tarFile('LICENSE', 'Apache License\nVersion 2.0, January 2004\n')]);
}

function variables(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const type = [
      'string',
      'list(string)',
      'map(object({ name = string, ports = optional(list(number), [80, 443]) }))',
    ];
    return `variable "input_${index}" {
  description = <<-EOT
    What input ${index} is good for, in more than one line,
    with \`code\` and a list of values.
  EOT
  type        = ${type[index % 3]}
  default     = ${['"value"', '["a", "b"]', '{}'][index % 3]}
${index % 5 === 0 ? '' : '  nullable    = false\n'}${
      index % 7 === 0
        ? `  validation {
    condition     = length(var.input_${index}) < 64
    error_message = "Input ${index} is too long."
  }
`
        : ''
    }}
`;
  }).join('\n');
}

function outputs(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `output "output_${index}" {
  description = "Output ${index}"
  value       = aws_instance.this_${index}[0].id
}
`,
  ).join('\n');
}

function resources(count: number): string {
  const head = `terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0, < 7.0" }
  }
}
`;
  const body = Array.from(
    { length: count },
    (_, index) => `resource "aws_instance" "this_${index}" {
  count = var.input_0 == "value" ? 1 : 0
  ami   = "ami-\${var.input_1[0]}"
  dynamic "ebs_block_device" {
    for_each = { for key, device in var.input_2 : key => device if device.name != "" }
    content {
      device_name = ebs_block_device.value.name
    }
  }
}
`,
  ).join('\n');
  return `${head}\n${body}`;
}

function readme(folder: string, release: number): string {
  const rows = Array.from({ length: 120 }, (_, index) => `| input_${index} | string | no |`).join('\n');
  return `# ${folder || 'Network'} (${release})\n\nSee [web](modules/web) and ![plan](docs/plan.png).\n\n\`\`\`hcl\nmodule "x" {}\n\`\`\`\n\n| Name | Type | Required |\n| --- | --- | --- |\n${rows}\n`;
}
