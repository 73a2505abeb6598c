import { describe, expect, it } from 'vitest';
import { isTypoOf, toleratedEdits } from './typo.js';

describe('a misspelled word', () => {
  it.each([
    ['aws', 0],
    ['helm', 1],
    ['network', 1],
    ['database', 2],
    ['日本語版', 1],
  ])('%s may have %i mistakes', (word, edits) => {
    expect(toleratedEdits(word)).toBe(edits);
  });

  it.each([
    ['network', 'network', true],
    ['netwrok', 'network', true],
    ['netwok', 'network', true],
    ['netwoork', 'network', true],
    ['networx', 'network', true],
    ['netwxyk', 'network', false],
    ['vps', 'vpc', false],
    ['kuberentis', 'kubernetes', true],
    ['kuberxxxes', 'kubernetes', false],
    ['network', 'networking', false],
  ])('%s stands for %s: %s', (word, other, isTypo) => {
    expect(isTypoOf(word, other)).toBe(isTypo);
  });
});
