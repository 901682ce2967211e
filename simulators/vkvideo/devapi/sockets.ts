/** Methods that hand out tokens for pub/sub (docs/platforms/vkvideo.md#websocket-tokens). */
import type { Person } from '../../world/people.ts';
import type { VkVideoState } from '../state.ts';
import { data, type Methods, queryOf } from './method.ts';

/** What connections made with the application's own token are called; VK's choice is not known. */
const APPLICATION_SUBJECT = 'application';

export const socketMethods: Methods = {
  'GET /v1/websocket/token': {
    by: 'any',
    inChannel: false,
    run: async ({ pubsub }, { person }) =>
      data({ token: await pubsub.tokens.mint(person?.id ?? APPLICATION_SUBJECT, null) }),
  },
  'GET /v1/websocket/subscription_token': {
    by: 'user',
    inChannel: false,
    async run(state, { call, person }) {
      const names = queryOf(call, 'channels')
        .split(',')
        .filter((name) => mayRead(state, name, person));
      const tokens = names.map(async (channel) => ({
        channel,
        token: await state.pubsub.tokens.mint(person.id, channel),
      }));
      return data({ channel_tokens: await Promise.all(tokens) });
    },
  },
};

/** Whether there is a token for the name: public ones need none, and get none. */
function mayRead({ channels }: VkVideoState, name: string, person: Person): boolean {
  const [, reader] = name.split('#');
  const channel = channels.publishing(name, person.id);
  if (!channel) return false;
  if (!name.startsWith('$')) return reader === person.id;
  return channel.mayReadLimited(person.id);
}
