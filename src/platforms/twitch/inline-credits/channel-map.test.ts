import { expect, test } from 'vitest';
import { loadConfig } from '../../../config.ts';
import { twitchSettings } from '../settings.ts';
import { mappedChannels, readChannelJson, readChannelList } from './channel-map.ts';

const PINE = { login: 'northpine', slug: 'pine' };
const MIRA = { login: 'mira_k', slug: 'mira' };

test('both forms name the same channels, whatever their case, white space and a leading # of a login', () => {
  expect(readChannelList(' NorthPine : Pine ,#mira_k:mira,')).toEqual({ value: [PINE, MIRA] });
  const json = '[{"login":" #NorthPine","slug":"Pine "},{"login":"mira_k","slug":"mira","more":1}]';
  expect(readChannelJson(json)).toEqual({ value: [PINE, MIRA] });
});

test.for([
  ['no colon', 'northpine', '"northpine"'],
  ['no slug', 'northpine:', '"northpine:"'],
  ['no login', ':pine', '":pine"'],
  ['a third part', 'northpine:pine:x', '"northpine:pine:x"'],
  ['a login that no account can have', 'north pine:pine', '"north pine:pine"'],
  ['an address in the place of a slug', 'northpine://pine', '"northpine://pine"'],
  ['a line break', 'northpine\r\nQUIT:pine', '"northpine\r\nQUIT:pine"'],
])('an entry of the list with %s is named in a warning, and the rest is used', ([, entry, shown]) => {
  expect(readChannelList(`${entry},mira_k:mira`)).toEqual({
    value: [MIRA],
    warning: `CHAT_BOT_CHANNELS: 1 entry is ignored: ${shown}. An entry must name a login and the slug of its channel, and a login may be named once.`,
  });
});

test.for(['null', '7', '"northpine:pine"', '[]', '{}', '{"login":"northpine"}', '{"login":"northpine","slug":7}'])(
  'the entry %s of the JSON form is named in a warning, and the rest is used',
  (entry) => {
    expect(readChannelJson(`[${entry},{"login":"mira_k","slug":"mira"}]`)).toEqual({
      value: [MIRA],
      warning: expect.stringMatching(/^CHAT_BOT_CHANNEL_MAP_JSON: 1 entry is ignored: /),
    });
  },
);

test.for(['northpine:pine', '{"login":"northpine","slug":"pine"}', '[', 'null'])(
  'the text %s is no JSON form, and is said to be none',
  (raw) => {
    const warning = 'CHAT_BOT_CHANNEL_MAP_JSON is not a JSON array and is ignored';
    expect(readChannelJson(raw)).toEqual({ value: [], warning });
  },
);

test('a chat is credited in the first channel it is mapped to, and several chats may share a channel', () => {
  expect(readChannelList('northpine:pine,northpine:pine,mira_k:pine,northpine:mira')).toEqual({
    value: [PINE, { login: 'mira_k', slug: 'pine' }],
    warning: expect.stringContaining('ignored: "northpine:mira".'),
  });
});

test('a warning stays short however much is wrong', () => {
  const { warning = '' } = readChannelList(Array.from({ length: 500 }, () => 'x'.repeat(500)).join()) as {
    warning?: string;
  };
  expect(warning).toContain('500 entries are ignored');
  expect(warning.length).toBeLessThan(400);
});

test('the list wins; the JSON form counts when the list names nothing; the API warns at its start', () => {
  const json = '[{"login":"mira_k","slug":"mira"}]';
  expect(configured({ CHAT_BOT_CHANNELS: 'northpine:pine', CHAT_BOT_CHANNEL_MAP_JSON: json })).toEqual([[PINE], []]);
  expect(configured({ CHAT_BOT_CHANNEL_MAP_JSON: json })).toEqual([[MIRA], []]);
  expect(configured({ CHAT_BOT_CHANNELS: 'northpine', CHAT_BOT_CHANNEL_MAP_JSON: json })).toEqual([
    [MIRA],
    [expect.stringMatching(/^CHAT_BOT_CHANNELS: /)],
  ]);
  expect(configured({})).toEqual([[], []]);
});

function configured(env: Record<string, string>) {
  const required = {
    DATABASE_URL: 'postgres://127.0.0.1/none',
    JWT_SECRET: 's',
    TWITCH_CLIENT_ID: 'cid',
    TWITCH_CLIENT_SECRET: 'shh',
    TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
  };
  const loaded = loadConfig('api', { ...required, ...env });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const { config } = loaded;
  return [mappedChannels(twitchSettings(config.platform('twitch'))), config.warnings];
}
