import type { Lie } from './fake-upstream.js';
import { METADATA_LIES } from './lies-about-metadata.js';
import { RELEASE_LIES } from './lies-about-releases.js';

/** Every lie by its name. */
export const ALL_LIES = { ...METADATA_LIES, ...RELEASE_LIES } satisfies Record<string, Lie>;

export type LieName = keyof typeof ALL_LIES;

/** The 25 ways in which an upstream is wrong, each with the lies that show it. */
export const LIE_PROFILES: Readonly<Record<string, readonly LieName[]>> = {
  'digests disagree': [
    'the digest of the JSON is another',
    'the signed digests are others',
    'all digests are others',
    'the digest is none',
    'the digest is a number',
  ],
  'other keys sign': [
    'the signature is of another key that is named',
    'the signature is of another key that is not named',
    'the key had expired',
    'the key is revoked',
    'no key can be read',
  ],
  'signatures are not there': [
    'the signature is missing',
    'the signature fails',
    'the signature is empty',
    'the signature is at a login',
  ],
  'signatures are wrong': [
    'the signature is of other bytes',
    'the signature is damaged',
    'the signature is cut',
    'the signature is a login page',
    'the signature is endless',
  ],
  'checksums are wrong': [
    'the checksums were changed after signing',
    'the checksums have a blank line',
    'the checksums have carriage returns',
    'the checksums name other files',
    'the checksums name a folder',
    'the checksums name a file twice',
  ],
  'checksums are not there': [
    'the checksums are missing',
    'the checksums are endless',
    'the checksums are a login page',
    'the checksums are at an address of another kind',
  ],
  'versions go back': [
    'the list lost its newest version',
    'the list is empty',
    'the list is gone',
    'the list never changes',
    'the version was removed',
  ],
  'bytes change': ['the bytes changed, signed anew'],
  'answers are too large': [
    'the package is endless',
    'the package is announced as huge',
    'the list is endless',
    'the list is a bomb',
  ],
  'answers are too slow': ['the list is slow', 'the package is slow'],
  'lengths are wrong': [
    'the package is shorter than announced',
    'the package is longer than announced',
    'the package is cut',
  ],
  'packages are damaged': ['the package is damaged', 'the package is compressed', 'the package is no zip'],
  'connections break': [
    'the package always breaks off',
    'the package breaks off once',
    'the package breaks off once and knows no ranges',
    'the list breaks off',
    'the list is cut',
  ],
  'ranges are wrong': [
    'the rest of the package is of another file',
    'the rest of the package begins elsewhere',
    'the rest of the package cannot be had',
    'the rest of the package is always of another file',
  ],
  'private addresses are named': [
    'discovery leads to a private address',
    'the list leads to a private address',
    'the list leads to cloud metadata',
    'the package is at a private address',
    'the checksums are at a private address',
    'the package leads to a private address',
  ],
  'addresses are of another kind': [
    'discovery names a file',
    'discovery names credentials',
    'the list leads to a file',
    'the list leads nowhere',
    'the list goes in circles',
    'the package is a file of this server',
    'the package has no address',
    'the package goes in circles',
  ],
  'other origins answer': [
    'discovery leads to another origin',
    'discovery is redirected to another origin',
    'the list is redirected to another origin',
    'the package is redirected to another origin',
  ],
  'people are asked to sign in': [
    'discovery is a login page',
    'the list is a login page',
    'the list is a login page called JSON',
    'the package is a login page',
  ],
  'lists are refused': [
    'the list needs a token',
    'the list fails',
    'the list is too much asked for',
    'the list is a teapot',
  ],
  'packages are refused': ['the package is missing', 'the package needs a token', 'the package fails'],
  'discovery is of another kind': [
    'discovery is missing',
    'discovery is not called JSON',
    'discovery has no providers',
  ],
  'lists are of another kind': [
    'the list is an array',
    'the list has no versions',
    'the list has versions of another kind',
  ],
  'strings are hostile': [
    'the list has hostile strings',
    'the file name leaves the folder',
    'the file name has control characters',
    'the protocols cannot be read',
    'the protocols are a number',
  ],
  'packages are of others': [
    'another platform is described',
    'another architecture is described',
    'the program is of another version',
  ],
  'packages are malicious': [
    'the package is a bomb',
    'the package has no program',
    'the program may not be started',
    'the package leaves its folder',
  ],
};
