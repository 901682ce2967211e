import { simulate } from '../../../simulators/pigeon/simulated-platform.ts';
import { describeConformance } from '../../../test/conformance/suite.ts';
import { pigeon } from './index.ts';

describeConformance('Pigeon', pigeon, simulate);
