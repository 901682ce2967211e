import { simulate } from '../../../simulators/trovo/simulated-platform.ts';
import { describeConformance } from '../../../test/conformance/suite.ts';
import { trovo } from './index.ts';

describeConformance('Trovo', trovo, simulate);
