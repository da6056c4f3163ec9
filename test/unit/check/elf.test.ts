import { closeSync, openSync, readSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { identifyProgram, systemOfMachine } from '../../../src/check/elf.ts'
import { elf } from './images.ts'

const headOf = (file: string) => {
  const head = Buffer.alloc(1024)
  const fd = openSync(file, 'r')
  try {
    return head.subarray(0, readSync(fd, head))
  } finally {
    closeSync(fd)
  }
}
const SYSTEMS: Partial<Record<string, string>> = { x64: 'x86_64-linux', arm64: 'aarch64-linux' }

describe('a program', () => {
  const system = process.platform === 'linux' ? SYSTEMS[process.arch] : undefined
  it.skipIf(system === undefined)('that runs here is for this machine, with a loader that is here', () => {
    const program = identifyProgram(headOf(process.execPath))
    expect(program).toMatchObject({ kind: 'elf', interpreter: expect.stringMatching(/^\/.*ld.*\.so/) })
    expect(program.kind === 'elf' && systemOfMachine(program.machine)).toBe(system)
  })

  it.each([
    ['#!/bin/sh', '/bin/sh'],
    ['#! \t/bin/env -S a\n', '/bin/env'],
    ['#!x\0y\n', 'x'],
    ['#!/a\n#!/b\n', '/a'],
  ])('is a script: %j', (text, interpreter) => {
    expect(identifyProgram(Buffer.from(text))).toEqual({ kind: 'script', interpreter })
  })

  it.each(['', '#', '#!', '#!\n/bin/sh', '\x7fELF', 'MZ'])('is neither: %j', text => {
    expect(identifyProgram(Buffer.from(text, 'latin1'))).toEqual({ kind: 'unknown' })
  })

  it('has a machine in either byte order, and whatever is cut off', () => {
    const big = Buffer.from(elf(0))
    big[5] = 2
    big.writeUInt16BE(22, 18)
    expect(identifyProgram(big)).toEqual({ kind: 'elf', machine: 22 })
    const whole = elf(62, '/lib/ld.so')
    expect(identifyProgram(whole)).toEqual({ kind: 'elf', machine: 62, interpreter: '/lib/ld.so' })
    for (let length = 20; length < 64 + 2 * 56 + 11; length++) {
      expect(identifyProgram(whole.subarray(0, length))).toEqual({ kind: 'elf', machine: 62 })
    }
  })
})
