import { simulate } from '../../../simulators/youtube/simulated-platform.ts';
import { describeConformance } from '../../../test/conformance/suite.ts';
import { youtube } from './index.ts';

describeConformance('YouTube', youtube, simulate);
