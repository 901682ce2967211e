/** The weaknesses of medium severity among those of docs/contract/guarantees.md#http-interface. */
import type { Weakness } from './weaknesses.ts';

const API = 'src/api';
const ROUTES = 'src/api/routes';
const TWITCH = 'src/platforms/twitch';
const KICK = 'src/platforms/kick';

export const mediumWeaknesses: readonly Weakness[] = [
  {
    id: 'W10',
    what: 'old tokens keep old rights, and other tokens are logins',
    proofs: [
      [
        `${API}/plugins/callers.test.ts`,
        'a right that was taken away is gone within ten seconds, also for somebody who never stops calling',
      ],
      [
        `${API}/plugins/callers.test.ts`,
        'rights are those of the database, not of the token: a claim to more is worth nothing',
      ],
      ['GET /streamer/bots', 'the token is the one of an overlay'],
      ['GET /overlay/credits/t/{token}/events', 'the token is a login token'],
    ],
  },
  {
    id: 'W15',
    what: 'two workers send one message, and old ones come late',
    proofs: [
      [
        'src/engine/outbox/outbox.test.ts',
        'two copies that both believe to hold a channel never send one message twice',
      ],
      [
        'src/engine/outbox/recovery.test.ts',
        'messages that outlived a pause of their channel end failed: with the last reason, or as expired',
      ],
      [
        'src/platforms/youtube/offline.test.ts',
        'a message fails after three live checks in a row found no stream, with the error of the contract',
      ],
    ],
  },
  {
    id: 'W16',
    what: 'the older and the newer switch contradict each other',
    proofs: [
      ['POST /streamer/bot/enable', 'there is a gate: it is enabled afterwards'],
      [
        `${ROUTES}/bots-ownership.test.ts`,
        'the older question has the answer of the newer switch, whichever was used last',
      ],
    ],
  },
  {
    id: 'W17',
    what: 'a grant is not seen for a minute',
    proofs: [
      [
        `${ROUTES}/entitlements.test.ts`,
        'a grant counts at once, for the owner who gave it and for the streamer, and so does taking it back',
      ],
      ['POST /owner/entitlements/custom-bot/grant', 'the grant has no end: it is active at once'],
    ],
  },
  {
    id: 'W19',
    what: 'the ends of a link disagree, a state is used twice, inner words leave',
    proofs: [
      [
        `${ROUTES}/auth-bot-link.test.ts`,
        'the panel’s links for bots of %s lead over the platform back to their pages',
      ],
      [`${ROUTES}/auth.test.ts`, 'of two callbacks with one state at once, one signs in'],
      [`${ROUTES}/auth.test.ts`, 'whoever refuses is sent back with the reason, encoded'],
      ['GET /auth/{provider}/callback', 'the platform cannot be reached: no internal detail is shown'],
    ],
  },
  {
    id: 'W20',
    what: 'bad bodies are failures of ours',
    proofs: [
      ['POST /streamer/bot/say', 'the body is no JSON'],
      ['POST /streamer/bot/say', 'the body is too large'],
    ],
  },
  {
    id: 'W21',
    what: 'inputs are made into texts',
    proofs: [
      ['POST /streamer/bot/say', 'the message is an object'],
      ['POST /streamer/bot/say', 'the platform is unknown'],
      ['POST /streamer/credits/settings', 'the style is {}'],
      ['POST /streamer/credits/reconnect-window', 'the window is set to null'],
      ['POST /streamer/credits/ignored-chatters', 'the list is "bot"'],
      ['PATCH /streamer/bot/stream-duration', 'the body has {"breakCreditMinutes":null}'],
    ],
  },
  {
    id: 'W22',
    what: 'commands cannot be edited, have no cap, and clash unseen',
    proofs: [
      ['PATCH /streamer/bot/commands/{id}', 'only the response is given: the rest stays'],
      ['POST /streamer/bot/commands', 'the channel has as many as it may have'],
      [
        `${ROUTES}/commands.test.ts`,
        'a command that the stream-duration command answers before is saved with a warning',
      ],
    ],
  },
  {
    id: 'W23',
    what: 'events cross instances, and timers of pages are left behind',
    proofs: [
      [
        'src/credits/overlay-feed.test.ts',
        'a channel is looked after while one of its pages is open, however often each of them says goodbye',
      ],
      [
        `${ROUTES}/overlay.test.ts`,
        'an overlay is told config and state at once, then every change, whichever copy of the API made it',
      ],
    ],
  },
  {
    id: 'W24',
    what: 'followers are greeted again and again, failures lose greetings, tables grow',
    proofs: [
      [
        `${TWITCH}/eventsub/webhook.test.ts`,
        'a follow is greeted once: not again for the same delivery, nor for the same follower within 24 hours',
      ],
      [
        `${TWITCH}/eventsub/webhook.test.ts`,
        'a greeting that could not be queued is answered 500 and leaves nothing, so that the next try succeeds',
      ],
      [`${API}/jobs.test.ts`, 'rows that nobody will ask about any more go, younger ones stay'],
    ],
  },
  {
    id: 'W25',
    what: 'YouTube knows no command',
    proofs: [
      ['test/conformance/line-cases.ts', 'a viewer who asks is answered and credited, and the answer has a fate'],
    ],
  },
  {
    id: 'W26',
    what: 'a delivery of Kick holds a transaction open',
    proofs: [
      ['src/engine/inbox/inbox.test.ts', 'a delivery is stored once: by its id, and by what happened under another id'],
      ['src/engine/inbox/inbox.test.ts', 'a line is done when its answer is on record, both in one step'],
      [
        `${KICK}/webhook/webhook.test.ts`,
        'what cannot be stored is not acknowledged, and is taken when Kick repeats it',
      ],
    ],
  },
  {
    id: 'W27',
    what: 'names in the credits have no end',
    proofs: [
      [
        `${ROUTES}/internal-credits.test.ts`,
        'names are cut to 100 characters, control characters are spaces, and only short http addresses are avatars',
      ],
      [
        `${ROUTES}/internal-credits.test.ts`,
        'donors: numeric texts count, negative is nothing, the currency is upper-case, a repeat overwrites',
      ],
    ],
  },
  {
    id: 'W28',
    what: 'a name in another case loses its rules, an unknown one makes data',
    proofs: [
      ['POST /internal/credits/chatter', 'the streamer ignores the name of the chatter'],
      ['POST /internal/credits/chatter', 'the channel is unknown: nothing is stored'],
      ['src/credits/roll.test.ts', 'an unknown channel is ignored and stores nothing'],
    ],
  },
  {
    id: 'W29',
    what: 'headers make an instance a beta',
    proofs: [[`${API}/plugins/callers.test.ts`, 'headers do not make an instance a beta']],
  },
  {
    id: 'W30',
    what: 'calls without an end, and tokens that ran out',
    proofs: [
      ['src/lib/http.test.ts', 'a call may have a deadline of its own'],
      [
        `${TWITCH}/oauth.test.ts`,
        'fifty callers share one app token; a refused or old one is replaced, and a dead application is not hammered',
      ],
      [
        'src/platforms/vkvideo/api-side.test.ts',
        'a token that ended is renewed on the way; a dead grant and an outage are told apart',
      ],
      [
        'src/platforms/trovo/api-side.test.ts',
        'a token that ran out is renewed for the question; a grant that is over counts as no link',
      ],
    ],
  },
  {
    id: 'W31',
    what: 'nobody knows who did what, or whether the instance is ready',
    proofs: [
      [`${ROUTES}/bots.test.ts`, 'who switched a bot on or off is on record'],
      [
        `${ROUTES}/audit.test.ts`,
        'an owner sees everything, one channel or one action, page by page, and each record once',
      ],
      [
        'DELETE /streamer/bots/{provider}/bot',
        'kick: the channel has a custom bot: it is unlinked without the entitlement too',
      ],
      ['GET /ready', 'the database lacks its tables'],
    ],
  },
  {
    id: 'W32',
    what: 'gates mean something else on every platform',
    proofs: [
      ['GET /streamer/bots', 'there is a subscription and no gate: the subscription counts on all five'],
      ['POST /streamer/bot/say', 'trovo is named, and its bot is disabled'],
      [
        `${ROUTES}/say.test.ts`,
        'a closed gate and an empty target are off on every platform, an open gate changes nothing',
      ],
    ],
  },
];
