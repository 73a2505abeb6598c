import { describe, expect, it } from 'vitest';
import { KeySets } from './key-sets.js';

const URL_OF_KEYS = 'https://idp.example.com/keys';

function keySets() {
  const world = { ms: 0, fetches: 0, isDown: false, body: '{"keys":[{"kid":"1"}]}' };
  const sets = new KeySets(
    async () => {
      world.fetches += 1;
      if (world.isDown) throw new Error('down');
      return new Response(world.body);
    },
    () => world.ms,
  );
  const kids = async (): Promise<string[]> => {
    const { keys } = (await (await sets.answer(URL_OF_KEYS)).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  };
  return { world, kids };
}

describe('the keys of an identity provider (B5)', () => {
  it('are fetched once by those who ask at the same time, and at most once in 30 seconds', async () => {
    const { world, kids } = keySets();
    await Promise.all(Array.from({ length: 1000 }, kids));
    world.ms = 29_999;
    await kids();
    expect(world.fetches).toBe(1);
    world.ms = 30_000;
    world.body = '{"keys":[{"kid":"2"}]}';
    expect(await kids()).toEqual(['2']);
    expect(world.fetches).toBe(2);
  });

  it.each([
    ['is down', { isDown: true }],
    ['answers something else', { body: '<html>' }],
    ['has no list of keys', { body: '{"keys":5}' }],
  ])('stay as they were while the provider %s, and it is not asked more often', async (_name, change) => {
    const { world, kids } = keySets();
    await kids();
    Object.assign(world, change);
    for (world.ms = 0; world.ms <= 600_000; world.ms += 1_000) expect(await kids()).toEqual(['1']);
    expect(world.fetches).toBe(21);
    world.ms = 86_500_000;
    await expect(kids()).rejects.toThrow();
  });

  it('are asked for again at once when there are none yet', async () => {
    const { world, kids } = keySets();
    world.isDown = true;
    await expect(kids()).rejects.toThrow('down');
    world.isDown = false;
    expect(await kids()).toEqual(['1']);
  });
});
