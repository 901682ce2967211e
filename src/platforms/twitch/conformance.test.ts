import { simulateSpokenToBy } from '../../../simulators/twitch/simulated-platform.ts';
import { describeConformance } from '../../../test/conformance/suite.ts';
import { twitch } from './index.ts';

describeConformance('Twitch, spoken to by Helix', twitch, simulateSpokenToBy('helix'));
describeConformance('Twitch, spoken to by IRC', twitch, simulateSpokenToBy('irc'));
