import { describe, expect, it } from 'vitest';
import { shownMediaType } from './shown-media-type.js';

const PLAIN = 'text/plain; charset=utf-8';
const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('what a file of a module is shown as', () => {
  it.each([
    ['a.png', latin1('\x89PNG\r\n\x1a\n'), 'image/png'],
    ['a.txt', latin1('\x89PNG\r\n\x1a\n'), 'image/png'],
    ['a.jpg', latin1('\xff\xd8\xff\xdb'), 'image/jpeg'],
    ['a.gif', latin1('GIF87a'), 'image/gif'],
    ['a.webp', latin1('RIFF\x01\x02\x03\x04WEBPVP8 '), 'image/webp'],
    ['main.tf', Buffer.from('# Straße\n'), PLAIN],
    ['README.md', Buffer.from('<h1 align="center">x</h1>'), PLAIN],
    ['empty', Buffer.alloc(0), PLAIN],
    ['color.txt', Buffer.from('\u001b[1mbold'), PLAIN],
  ])('%s is shown', (name, bytes, type) => {
    expect(shownMediaType(name, bytes)).toBe(type);
  });

  it.each([
    ['a.svg', Buffer.from('x')],
    ['a.png', Buffer.from('<svg onload="alert(1)">')],
    ['a.HTML', Buffer.from('x')],
    ['a.txt', Buffer.from('\uFEFF  <!doctype HTML>')],
    ['a.txt', Buffer.from('<html>')],
    ['a.txt', Buffer.from('<?xml version="1.0"?>')],
    ['a.xml', Buffer.from('x')],
    ['a.bmp', latin1('BM\x00\x00')],
    ['a.txt', latin1('a\x00b')],
    ['a.txt', latin1('\xff\xfe')],
    ['a.ico', latin1('\x00\x00\x01\x00')],
    ['a.wav', latin1('RIFF\x01\x02\x03\x04WAVE\x00')],
  ])('%s is not', (name, bytes) => {
    expect(shownMediaType(name, bytes)).toBeNull();
  });
});
