/** Ids that look alike but must not be mixed up: passing one where another belongs does not compile. */

declare const brand: unique symbol;

/** A `Base` that only a deliberate cast (`id as ChannelId`) turns into a `Name`. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A MemAlerts user. */
export type UserId = Brand<string, 'UserId'>;
/** A MemAlerts channel: one streamer's page, whatever platforms it is on. */
export type ChannelId = Brand<string, 'ChannelId'>;
/** A linked platform account (a row of ExternalAccount). */
export type ExternalAccountId = Brand<string, 'ExternalAccountId'>;
/** The name of a platform as stored and as seen in URLs. */
export type ProviderId = Brand<string, 'ProviderId'>;
/** A channel as its platform knows it. */
export type PlatformChannelId = Brand<string, 'PlatformChannelId'>;
/** A person as their platform knows them. */
export type PlatformUserId = Brand<string, 'PlatformUserId'>;
/** A chat message as its platform knows it. */
export type PlatformMessageId = Brand<string, 'PlatformMessageId'>;
