/** A problem that the analysis found; it never stops a publication. */
export interface AnalysisProblem {
  /** Path of the file inside the module, e.g. `modules/web/main.tf`. */
  readonly file: string;
  /** From 1; 0 when the problem has no place in the file. */
  readonly line: number;
  /** One sentence for the author of the module. */
  readonly message: string;
}

/** One input of a module (a `variable` block). */
export interface ModuleInput {
  readonly name: string;
  /** The type expression on one line, e.g. `list(string)`; `any` when the author named none. */
  readonly type: string;
  readonly description: string;
  /** The default as JSON; `null` also when there is none (see {@link required}). An expression stays text. */
  readonly default: unknown;
  readonly required: boolean;
  readonly sensitive: boolean;
  /** `false` when `null` is refused. */
  readonly nullable: boolean;
  readonly ephemeral: boolean;
  /** The message of a `deprecated` mark; `null` without one. */
  readonly deprecated: string | null;
  readonly validations: readonly { readonly condition: string; readonly error_message: string }[];
}

/** One output of a module. */
export interface ModuleOutput {
  readonly name: string;
  readonly description: string;
  readonly sensitive: boolean;
  readonly ephemeral: boolean;
  readonly deprecated: string | null;
}

/** A provider that a module needs. */
export interface ModuleProvider {
  /** The local name, e.g. `aws`. */
  readonly name: string;
  /** The source address as written, or completed to `hashicorp/<name>`; e.g. `hashicorp/aws`. */
  readonly source: string;
  /** Version constraint; `""` for any. */
  readonly version: string;
  /** `configuration_aliases`, e.g. `aws.us_east`. */
  readonly aliases: readonly string[];
}

/** A resource, data source or ephemeral resource that a module declares. */
export interface ModuleResource {
  readonly name: string;
  readonly type: string;
  readonly mode: 'managed' | 'data' | 'ephemeral';
  /** Local name of its provider. */
  readonly provider: string;
}

/** A module that a module calls. */
export interface ModuleCall {
  readonly name: string;
  readonly source: string;
  /** Version constraint; `""` without one. */
  readonly version: string;
}

/** The root module, or a submodule or example: one folder of configuration files. */
export interface ModulePart {
  /** `""` for the root module, e.g. `modules/web`, `examples/complete`. */
  readonly path: string;
  readonly kind: 'root' | 'submodule' | 'example';
  /** Text of its README; `""` without one. */
  readonly readme: string;
  /** Whether the folder declares nothing at all. */
  readonly empty: boolean;
  /** Terraform or OpenTofu version constraint of `required_version`; `""` without one. */
  readonly requiredVersion: string;
  /** Each list is in the order of names. */
  readonly inputs: readonly ModuleInput[];
  readonly outputs: readonly ModuleOutput[];
  readonly providers: readonly ModuleProvider[];
  readonly resources: readonly ModuleResource[];
  readonly calls: readonly ModuleCall[];
  /** Addresses that `moved` and `removed` blocks account for, e.g. `aws_vpc.main`, `module.web`; absent without any. */
  readonly relocated?: readonly string[];
}

/** What the registry understands of a module archive. */
export interface ModuleAnalysis {
  readonly root: ModulePart;
  /** Folders directly under `modules/`, in the order of names. */
  readonly submodules: readonly ModulePart[];
  /** Folders directly under `examples/`, in the order of names. */
  readonly examples: readonly ModulePart[];
  /** SPDX identifier when the licence text is known; `null` otherwise. */
  readonly licence: string | null;
  /** Text of the CHANGELOG at the root; `""` without one. */
  readonly changelog: string;
  readonly problems: readonly AnalysisProblem[];
}

/** Text files of an archive by their path inside the module (without a folder around it). */
export type ModuleSources = ReadonlyMap<string, string>;
