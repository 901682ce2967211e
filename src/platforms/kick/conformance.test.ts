import { simulate } from '../../../simulators/kick/simulated-platform.ts';
import { describeConformance } from '../conformance/suite.ts';
import { kick } from './index.ts';

describeConformance('Kick', kick, simulate);
