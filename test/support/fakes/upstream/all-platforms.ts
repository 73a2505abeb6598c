/** Platforms of a provider that is made for everything, as `os_arch`; the first ones are the usual ones. */
export const ALL_PLATFORMS = [
  'linux_amd64',
  'darwin_arm64',
  'windows_amd64',
  'linux_arm64',
  'linux_386',
  'darwin_amd64',
];
