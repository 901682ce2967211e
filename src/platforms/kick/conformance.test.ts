import { simulate } from '../../../simulators/kick/simulated-platform.ts';
import { describeConformance } from '../../../test/conformance/suite.ts';
import { kick } from './index.ts';

describeConformance('Kick', kick, simulate);
