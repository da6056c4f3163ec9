import { it } from 'vitest'
import { expectNothingLeft } from '../../endings/run.ts'

// 500 of them are ended in the system tests.
it('builds that end in any way leave nothing in their process', () => expectNothingLeft(1, 12), 300_000)
