import { expect, test } from 'vitest';
import { boundedValidatorCompiler } from '../plugins/bounds.ts';
import { chatterBody, readChatters } from './relayed-chatters.ts';

const ABSENT = Symbol('absent');
const long = (length: number) => 'x'.repeat(length);
const SLUGS = ['north', ' NoRTH\t', '', ' \n', long(2048), long(2049), 7, null, ABSENT];
const USER_IDS = [
  'twitch:1',
  ' u\u00001 ',
  '',
  '\u2028',
  long(200),
  long(201),
  ` ${long(200)} `,
  long(801),
  {},
  ABSENT,
];
const NAMES = ['Ada', ' A\nda ', '', '\0', 'Ада 🌲\ud800', '🌲'.repeat(101), long(5000), [], ABSENT];
const AVATARS = [
  'https://a/b.png',
  'HTTP://A',
  'ftp://a',
  `https://${long(492)}`,
  `https://${long(493)}`,
  '',
  7,
  null,
  ABSENT,
];

function bodyOf(fields: Readonly<Record<string, unknown>>): unknown {
  return [Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ABSENT))];
}

test('a batch is read exactly as the schema reads it, and refused where the schema refuses', () => {
  const bySchema = boundedValidatorCompiler({ schema: chatterBody, method: 'POST', url: '/', httpPart: 'body' });
  const whole = { channelSlug: 'north', userId: 'u', displayName: 'Ada' };
  const bodies = [
    ...SLUGS.flatMap((channelSlug) =>
      USER_IDS.flatMap((userId) =>
        NAMES.flatMap((displayName) =>
          AVATARS.map((avatarUrl) => bodyOf({ channelSlug, userId, displayName, avatarUrl })),
        ),
      ),
    ),
    [{ ...whole, avatarUrl: { deep: [long(5000)] }, other: long(5000) }],
    [[]],
    [null],
    ['chatter'],
    Array(4000).fill(whole),
    Array(4001).fill(whole),
    [],
  ];
  for (const body of bodies) {
    const { value, error } = bySchema(body) as { value?: unknown; error?: Error };
    expect(readChatters(body), JSON.stringify(body).slice(0, 300)).toEqual(error === undefined ? value : null);
  }
});
