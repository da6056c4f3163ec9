import { describe, expect, it } from 'vitest'
import { createFilterChain } from '../../../../src/xz/filters/filter-chain.ts'

/**
 * One piece of code, case by case: before and after `xz --format=raw --riscv=start=1048576` of XZ Utils 5.8.4. Most systems
 * have an xz that does not know this filter.
 */
const CASES: readonly (readonly [what: string, code: string, converted: string])[] = [
  ['JAL to x1, forward', 'ef503412', 'efa02c91'],
  ['JAL to x5, backward', 'eff2dff9', 'ef72ffd0'],
  ['JAL to x0 and x3, which are no calls', '6f000001ef010001', '6f000001ef010001'],
  ['a call by AUIPC and JALR', '97200100e78060fd', '17710e0800111fe6'],
  ['an instruction of two bytes, and AUIPC with ADDI', '8280175534009305f57f', '82801731595000445819'],
  ['AUIPC with LD, backward', '010097f7ffff83b70780', '01001731787b000fe824'],
  ['AUIPC to a register that the next one does not read', '97200100e70061fd', '97200100e70061fd'],
  ['AUIPC to x0', '171032549307a00e', '171032549307a00e'],
  ['code that looks like a converted pair', '17710e78efcdab89', '97c7ab89e780f7de'],
  [
    'AUIPC to x2 that does not look like one, by the other register or by its last bits',
    '17710e101300000017510e7813000000',
    '17710e101300000017510e7813000000',
  ],
  ['JAL less than eight bytes before the end', '0100ef503412', '0100ef503412'],
]

const START = 1_048_576

describe('the branches of RISC-V are converted back as xz does it:', () => {
  const converted = Buffer.from(CASES.map(([, , converted]) => converted).join(''), 'hex')
  const properties = new Uint8Array(Uint32Array.of(START).buffer)
  const chain = createFilterChain([{ id: 0x0b, properties }])
  const code = Buffer.concat([chain.push(converted).slice(), chain.end()]).toString('hex')

  it.each(CASES)('%s', (what, expected) => {
    const before = CASES.slice(
      0,
      CASES.findIndex(([name]) => name === what),
    )
    const at = before.reduce((sum, [, code]) => sum + code.length, 0)
    expect(code.slice(at, at + expected.length)).toBe(expected)
  })
})
