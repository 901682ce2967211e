/** Sentences that people read about every platform, with only the names changed. */

const NO_LIMIT = '0 removes the limit.';

/** What a setting means that every platform has under a name of its own. */
export const MEANING = {
  sync: 'Interval in seconds at which the worker checks in which channels the bot is enabled.',
  outboxPoll:
    'Interval in milliseconds at which the worker looks for queued messages while database notifications do not arrive.',
  commandsRefresh: 'Interval in seconds at which the worker checks for changed commands.',
  channelRate: `Messages per second in one channel. ${NO_LIMIT}`,
  /** @param what is counted, and within which time */
  limit: (what: string) => `${what}. ${NO_LIMIT}`,
  /** @param application that people set up at the platform */
  clientId: (application: string) => `Client id of the ${application}.`,
  clientSecret: (application: string) => `Client secret of the ${application}. Without it tokens cannot be refreshed.`,
  /** @param path of the API's own callback */
  callback: (path: string) => `Redirect address of linking. Example: http://localhost:3001${path}`,
} as const;

/** For an enable request on a platform where no account can speak. */
export function noBotAccount(title: string): string {
  return `No account can speak on ${title}. An owner must link the default bot first.`;
}
