/** What the registry learns from a module archive before it stores it. */
export interface ModuleManifest {
  /** The single folder that holds the whole module; null when the module is at the root of the archive. */
  readonly topFolder: string | null;
  /** Text of the README at the root of the module; null when there is none, or one above 1 MiB or not text. */
  readonly readme: string | null;
  /** Number of files. */
  readonly files: number;
  /** Content of all files together. */
  readonly unpackedBytes: number;
}
