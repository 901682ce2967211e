/** Every weakness of docs/contract/guarantees.md, and the tests that fail where it comes back. */
import type { Route } from './contract.ts';
import { mediumWeaknesses } from './medium-weaknesses.ts';

/** A test by its file and title, or a case of this kit by its route and occasion. */
export type Proof = readonly [file: string, title: string] | readonly [route: Route, when: string];

export interface Weakness {
  /** As docs/contract/guarantees.md numbers it; letters where one number holds several. */
  readonly id: string;
  readonly what: string;
  readonly proofs: readonly Proof[];
}

const API = 'src/api';
const ROUTES = 'src/api/routes';
const TWITCH = 'src/platforms/twitch';
const KICK = 'src/platforms/kick';

/** The numbers of docs/contract/guarantees.md#http-interface. */
export const NUMBERS = [
  ...['W1', 'W3', 'W4', 'W4b', 'W2', 'W5', 'W6', 'W7', 'W7b', 'W8', 'W9', 'W11', 'W12', 'W13', 'W14', 'W18'],
  ...['W10', 'W15', 'W16', 'W17', 'W19', 'W20', 'W21', 'W22', 'W23', 'W24', 'W25', 'W26', 'W27', 'W28', 'W29', 'W30'],
  ...['W31', 'W32'],
] as const;

const critical: readonly Weakness[] = [
  {
    id: 'W1',
    what: 'one failed request ends the process',
    proofs: [
      [
        `${API}/plugins/errors.test.ts`,
        'a failure of ours is 500 in general words, logged with its request, and the API lives on',
      ],
      [
        `${API}/platform-events.test.ts`,
        'a platform that cannot be reached is told to the streamer, and the API lives on',
      ],
      [
        `${API}/database-loss.test.ts`,
        'while the database is away the API says so, and after it is back everything works, hints too',
      ],
      [
        `${API}/unmigrated.test.ts`,
        'on a database without tables every feature is 404 "Feature not available", and the API goes on',
      ],
      [`${ROUTES}/auth-callback.test.ts`, 'without the tables the feature is not there, and the process lives on'],
      ['POST /streamer/bot/enable', 'Twitch answers with an error'],
      ['POST /streamer/bot/follow-greetings/disable', 'the channel is gone'],
      ['POST /owner/entitlements/custom-bot/grant', 'the channel does not exist'],
    ],
  },
  {
    id: 'W3a',
    what: 'the limiter stops workers and webhooks',
    proofs: [
      [`${API}/plugins/limits.test.ts`, 'relay, webhooks, health, documentation and the overlay are never limited'],
    ],
  },
  {
    id: 'W3b',
    what: 'headers that anybody writes lift the limit',
    proofs: [
      [
        `${API}/plugins/limits.test.ts`,
        'whitelisted addresses are those the proxy resolved; a header with the address is worth nothing',
      ],
      [
        `${API}/plugins/limits.test.ts`,
        'a neighbour on the private network cannot invent addresses either: one proxy is believed, nobody before it',
      ],
    ],
  },
  {
    id: 'W3c',
    what: 'behind a proxy of the same machine everybody is a worker',
    proofs: [
      ['POST /internal/credits/chatter', 'a stranger calls through a proxy that writes x-forwarded-for'],
      ['POST /internal/credits/donor', 'a stranger calls through a proxy that writes cf-connecting-ip'],
      [
        `${ROUTES}/internal-credits.test.ts`,
        'a signed call counts from anywhere, also through a proxy and without the bare header',
      ],
    ],
  },
  {
    id: 'W4a',
    what: 'a foreign origin is redirected to, with a login in the address',
    proofs: [
      [
        `${ROUTES}/auth-callback.test.ts`,
        'a start that names an origin ends there when pages of ours are there, and never with a token in the address',
      ],
      [`${ROUTES}/auth-callback.test.ts`, 'an origin or a page that another writer left unchecked is not gone to'],
      ['GET /auth/{provider}/link', 'twitch can be linked, by a viewer too; a foreign origin is dropped'],
    ],
  },
  {
    id: 'W4 (b)',
    what: 'an open redirect that comes with a login cookie',
    proofs: [
      [`${ROUTES}/auth.test.ts`, 'a page of ours is returned to, any other address is not'],
      [`${ROUTES}/auth-callback.test.ts`, 'finishing a link signs nobody in'],
    ],
  },
  {
    id: 'W4c',
    what: 'a foreign page begins a link',
    proofs: [
      [`${ROUTES}/auth-callback.test.ts`, 'a link cannot be begun from a foreign page'],
      ['GET /owner/bots/{provider}/default/link', 'a page of another site leads there'],
      ['GET /streamer/bots/{provider}/bot/link', 'a page of another site leads there'],
      [
        `${ROUTES}/auth-callback.test.ts`,
        'bringing a bot and linking ask on the platform’s page even who has agreed before; signing in does not',
      ],
    ],
  },
  {
    id: 'W4d',
    what: 'whoever finishes a callback is given the login of whoever began',
    proofs: [
      [
        `${ROUTES}/auth-callback.test.ts`,
        'a consent that somebody else began ends with nothing in the browser it is pushed into',
      ],
      [
        `${ROUTES}/auth-callback.test.ts`,
        'somebody else who signs in meanwhile in the same browser gets no foreign account, and nobody does',
      ],
      ['GET /auth/{provider}/callback', 'another browser began it: it ends with no login and no account'],
    ],
  },
  {
    id: 'W4e',
    what: 'rights are not looked at again at the end of a link',
    proofs: [
      [
        `${ROUTES}/auth-bot-link.test.ts`,
        'who was an owner or a streamer when the link began, and is none when it ends, brings no bot',
      ],
      [
        `${ROUTES}/auth-bot-link.test.ts`,
        'a link that began for one channel ends with nothing once the streamer has another',
      ],
    ],
  },
  {
    id: 'W4b',
    what: 'scripts run on the origin of the API',
    proofs: [
      [
        `${ROUTES}/overlay.test.ts`,
        'the page is never stored, runs only its own script, and writes nothing of its address into itself',
      ],
      ['GET /overlay/credits/t/{token}', 'the token is "</script><script>alert(1)</script>"'],
      [
        `${TWITCH}/eventsub/webhook.test.ts`,
        'a challenge is echoed as plain text, only signed and only as JSON, and proves the subscription',
      ],
      [`${ROUTES}/pages.test.ts`, 'nothing that an address or a name brings becomes markup, and no script may run'],
      ['POST /webhooks/twitch/eventsub', 'the challenge is not signed'],
      ['POST /webhooks/twitch/eventsub', 'the challenge comes as a form'],
      [`${API}/plugins/errors.test.ts`, 'answers are no pages: nothing may run them or frame them'],
    ],
  },
];

const high: readonly Weakness[] = [
  {
    id: 'W2',
    what: 'extras and unknown codes are lost in errors',
    proofs: [
      ['POST /streamer/bot/say', 'several bots are enabled and no platform is named'],
      ['PATCH /streamer/bots/{provider}', 'vkvideo: there are several channels and none is named'],
      ['PATCH /streamer/bots/{provider}', 'kick: the grant has ended'],
      ['PATCH /streamer/bots/{provider}', 'kick: it refuses to deliver the chat'],
      ['PATCH /streamer/bots/{provider}', 'the platform is no longer supported'],
      ['GET /streamer/bots/{provider}/bot/link', 'the channel lacks the entitlement'],
    ],
  },
  {
    id: 'W5',
    what: 'webhooks are dead on a beta',
    proofs: [
      ['POST /webhooks/kick/events', 'the instance is a beta: the webhook needs no invitation'],
      ['POST /webhooks/twitch/eventsub', 'the instance is a beta: the webhook needs no invitation'],
    ],
  },
  {
    id: 'W6',
    what: 'line breaks and command signs reach the platform',
    proofs: [
      ['POST /streamer/bot/say', 'the text has line breaks: they become spaces'],
      ['POST /streamer/bot/say', 'the message is a chat command with a slash'],
      ['POST /streamer/bot/commands', 'the response has line breaks: no platform sees them'],
      ['src/engine/outbox/wording.test.ts', 'whatever a row holds, a sender gets a text that it can send as it is'],
      ['test/conformance/text-cases.ts', 'a leading / or . never reaches the platform as a command of its own'],
    ],
  },
  {
    id: 'W7',
    what: 'something is written before everything is checked',
    proofs: [
      [
        `${ROUTES}/bots.test.ts`,
        'what cannot be enabled is refused in the order of the contract, and nothing is written',
      ],
      [
        `${KICK}/enabling.test.ts`,
        'each thing that is missing is told by its own code, in the order of the contract, and nothing is written',
      ],
      [`${TWITCH}/routes/routes.test.ts`, 'greetings: what cannot be is refused before anything is written'],
      [
        `${ROUTES}/bots.test.ts`,
        'disabling asks no platform, works while it is down, keeps the target and is the same the second time',
      ],
      ['test/contract/random.test.ts', '%s: no request is our failure, and no refused one changes a row'],
    ],
  },
  {
    id: 'W7b',
    what: 'the reconnect window is defeated by chat and by repetition',
    proofs: [
      ['src/credits/roll.test.ts', 'a viewer chatting in the break does not end the chance to resume the roll'],
      ['src/credits/roll.test.ts', 'a re-delivered stream start wipes nothing'],
      ['src/credits/roll.test.ts', 'people credited while a roll begins, by many at once, are all in it'],
    ],
  },
  {
    id: 'W8',
    what: 'the address of a VK Video Live channel is ignored',
    proofs: [
      ['PATCH /streamer/bots/{provider}', 'vkvideo: the address alone is given: it counts'],
      ['src/platforms/vkvideo/api-side.test.ts', 'a channel given by %s is stored in one form'],
    ],
  },
  {
    id: 'W9',
    what: 'somebody else’s channel is taken on trust',
    proofs: [
      ['PATCH /streamer/bots/{provider}', 'kick: the channel is somebody else’s'],
      ['PATCH /streamer/bots/{provider}', 'trovo: the channel is somebody else’s'],
      ['PATCH /streamer/bots/{provider}', 'vkvideo: the channel is somebody else’s'],
      [
        `${ROUTES}/bots-ownership.test.ts`,
        'one platform channel is served for one channel of ours, also when two ask at once',
      ],
    ],
  },
  {
    id: 'W11a',
    what: 'a greeting that Twitch does not allow looks fine',
    proofs: [
      ['POST /streamer/bot/follow-greetings/enable', 'Twitch does not take the subscription'],
      [`${ROUTES}/auth.test.ts`, "toContain('moderator:read:followers')"],
    ],
  },
  {
    id: 'W11b',
    what: 'reading the credits token deletes subscriptions of other instances',
    proofs: [
      [
        `${API}/platform-events.test.ts`,
        'asking for the address of the credits changes nothing at the platform, whoever subscribed there',
      ],
      [
        `${TWITCH}/eventsub/eventsub.test.ts`,
        "dead subscriptions are made anew, those of another instance's callback are left alone",
      ],
    ],
  },
  {
    id: 'W11c',
    what: 'live state stays offline where only a bot is used',
    proofs: [
      [`${ROUTES}/bots.test.ts`, 'enabling asks for stream events at Twitch'],
      [
        `${TWITCH}/eventsub/eventsub.test.ts`,
        'every channel gets the events it needs, once, and no channel those it does not need',
      ],
    ],
  },
  {
    id: 'W11d',
    what: 'revocations and repeated stream events are not handled',
    proofs: [
      [
        `${TWITCH}/eventsub/webhook.test.ts`,
        'a revoked subscription is marked lost, looked at soon, and the streamer reads it with the greetings',
      ],
      [
        `${TWITCH}/eventsub/webhook.test.ts`,
        'a stream event is recorded once, with the time Twitch gives, and again when recording failed',
      ],
    ],
  },
  {
    id: 'W12',
    what: 'Kick is spoken to as it is not',
    proofs: [
      [`${KICK}/oauth.test.ts`, 'a streamer links: consent with PKCE, the code for tokens, and who they are'],
      [
        `${KICK}/events/subscriptions.test.ts`,
        'what is missing is asked for in one call, what is there is left, however often it is looked at',
      ],
      [`${KICK}/webhook/webhook.test.ts`, 'a stream is on record since the moment its event tells of'],
      [
        `${KICK}/webhook/webhook.test.ts`,
        'gifts of nobody, follows, redemptions and kicks are remembered, and nothing else happens',
      ],
      [
        `${KICK}/chat/stored-line.test.ts`,
        'roles are what badges say: a founder is a subscriber, a gifter of subscriptions is none, the streamer is a moderator',
      ],
    ],
  },
  {
    id: 'W13',
    what: 'senders and chatters are mixed up',
    proofs: [
      [
        'src/accounts/credentials.test.ts',
        'a channel without the entitlement, or whose entitlement ended, never speaks by its override',
      ],
      [
        'test/worker/conversation.test.ts',
        'an override speaks only while its channel is entitled; without, the shared bot does',
      ],
      [
        'src/engine/relay/credits.test.ts',
        'a linked person is credited as themselves, anybody else by platform and id',
      ],
      [
        'src/credits/roll.test.ts',
        "a channel's own senders and its ignored names are left out, the person who linked a sender is not",
      ],
      ['POST /internal/credits/chatter', 'the chatter is a bot of the channel'],
      [
        'test/conformance/line-cases.ts',
        "the bot's own answer is no question, even when it is a trigger, and earns no credit",
      ],
    ],
  },
  {
    id: 'W14',
    what: 'a restricted command is open where its lists cannot be read',
    proofs: [
      [
        'src/engine/commands/commands.test.ts',
        'any list that names the chatter admits them; a list that cannot be evaluated admits nobody',
      ],
      ['test/conformance/audience-cases.ts', 'a command for followers admits nobody: no platform tells who follows'],
      ['test/conformance/audience-cases.ts', 'a command for a role id the platform does not have admits nobody'],
    ],
  },
  {
    id: 'W18',
    what: 'tokens in clear, and bots that turn into accounts',
    proofs: [
      [
        'test/dump.test.ts',
        'after people signed in, bots spoke and tokens were renewed, the database holds no token in clear',
      ],
      [
        `${ROUTES}/bot-senders.test.ts`,
        "a bot is taken back once, its account goes unless it is somebody's own, and that is on record",
      ],
      [`${ROUTES}/auth-bot-link.test.ts`, 'without the entitlement at the end nothing is kept of a new account'],
      [
        'src/accounts/credentials-queries.test.ts',
        "the owner's account is never a bot: not an override of any channel, not a default bot, also not one switched off",
      ],
    ],
  },
];

export const WEAKNESSES: readonly Weakness[] = [...critical, ...high, ...mediumWeaknesses];
