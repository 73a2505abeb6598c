import type { FolderFiles } from './module-folders.js';
import { byCodeUnit } from './module-folders.js';

const FILE = /^(licen[cs]e|copying|unlicense)([.-].*)?$/i;
/** The sentences that tell licences apart stand near the beginning; the rest is not looked at. */
const MAX_LENGTH = 64 * 1024;

interface KnownLicence {
  readonly spdx: string;
  /** All of them occur in the text, in lower case and with single spaces. */
  readonly sentences: readonly string[];
}

/** The more specific first: several of the texts name or contain others. */
const KNOWN: readonly KnownLicence[] = [
  { spdx: 'BUSL-1.1', sentences: ['business source license 1.1', 'change date', 'additional use grant'] },
  { spdx: 'AGPL-3.0', sentences: ['gnu affero general public license version 3'] },
  { spdx: 'LGPL-3.0', sentences: ['gnu lesser general public license version 3'] },
  { spdx: 'GPL-3.0', sentences: ['gnu general public license version 3'] },
  { spdx: 'MPL-2.0', sentences: ['mozilla public license', 'version 2.0', 'covered software'] },
  { spdx: 'MPL-2.0', sentences: ['mozilla public license version 2.0', '1. definitions'] },
  { spdx: 'Apache-2.0', sentences: ['apache license', 'version 2.0', 'terms and conditions for use'] },
  { spdx: 'Apache-2.0', sentences: ['licensed under the apache license, version 2.0'] },
  { spdx: 'CC0-1.0', sentences: ['cc0 1.0 universal'] },
  {
    spdx: 'Unlicense',
    sentences: ['this is free and unencumbered software released into the public domain'],
  },
  {
    spdx: 'ISC',
    sentences: [
      'permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted',
      'and this permission notice appear in all copies',
    ],
  },
  {
    spdx: 'ISC',
    sentences: [
      'permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted',
      'and this permission notice appear in all copies',
    ],
  },
  {
    spdx: 'BSD-3-Clause',
    sentences: [
      'redistribution and use in source and binary forms',
      'redistributions in binary form must reproduce the above copyright notice',
      'may be used to endorse or promote products derived from this software without',
    ],
  },
  {
    spdx: 'BSD-2-Clause',
    sentences: [
      'redistribution and use in source and binary forms',
      'redistributions in binary form must reproduce the above copyright notice',
      'this software is provided by',
    ],
  },
  {
    spdx: 'MIT',
    sentences: [
      'permission is hereby granted, free of charge, to any person obtaining a copy',
      'the above copyright notice and this permission notice shall be included in all copies',
      'without warranty of any kind',
    ],
  },
];

/** SPDX identifier of the licence file at the root of a module; `null` when there is none or its text is not known. */
export function licenceOf(files: FolderFiles): string | null {
  const names = [...files.keys()].filter((name) => FILE.test(name)).sort(byCodeUnit);
  for (const name of names) {
    const known = identify(files.get(name) ?? '');
    if (known !== null) return known;
  }
  return null;
}

function identify(licence: string): string | null {
  const text = licence
    .slice(0, MAX_LENGTH)
    .toLowerCase()
    .replaceAll(/[\s#*>]+/g, ' ');
  const found = KNOWN.find(({ sentences }) => sentences.every((sentence) => text.includes(sentence)));
  return found?.spdx ?? null;
}
