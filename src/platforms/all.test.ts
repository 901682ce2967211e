import { expect, test } from 'vitest';
import { platforms, speakingOrder } from './all.ts';
import { registry } from './registry.ts';

test('what the registry says of a platform is what the platform says of itself', () => {
  expect(registry.map(({ id, title, variables }) => ({ id, title, variables }))).toEqual(
    platforms.map(({ id, title, variables }) => ({ id, title, variables })),
  );
});

test('platforms speak in the order of the contract, each of them', () => {
  expect(speakingOrder.map(({ id }) => id)).toEqual(['twitch', 'youtube', 'vkvideo', 'trovo', 'kick']);
});
