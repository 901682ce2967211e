import { describeConformance } from './suite.ts';
import { twitchAdapter } from './twitch-adapter.ts';

describeConformance('Twitch, spoken to by Helix', twitchAdapter('helix'));
describeConformance('Twitch, spoken to by IRC', twitchAdapter('irc'));
