import { it } from 'vitest'
import { expectNothingLeft } from '../endings/run.ts'

it('500 builds that end in any way leave nothing in their process', () => expectNothingLeft(Date.now() | 0, 500))
