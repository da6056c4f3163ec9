import { describe, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import type { declarationSchema } from '../../../src/spec/declaration.ts'
import type { ImageDeclaration } from '../../../src/spec/index.ts'

/** The same type, but for what may be changed in it. */
type Fixed<T> = T extends object ? { readonly [K in keyof T]: Fixed<T[K]> } : T

type Accepted = z.input<typeof declarationSchema>

// tsc judges these.
describe('the type of declarations', () => {
  it('is that of the schema', () => {
    expectTypeOf<Fixed<ImageDeclaration>>().toEqualTypeOf<Fixed<Accepted>>()
    expectTypeOf<Accepted>().toExtend<ImageDeclaration>()
  })

  it('takes lists, objects and records that nobody may change', () => {
    expectTypeOf<Fixed<Accepted>>().toExtend<ImageDeclaration>()
    expectTypeOf({ closure: { caches: ['https://cache.example.org'] } } as const).toExtend<ImageDeclaration>()
    expectTypeOf({ nspawn: { Exec: { Environment: ['A=1', 'B=2'] } } } as const).toExtend<ImageDeclaration>()
  })

  it('does not take what is wrong', () => {
    expectTypeOf<{ closure: { caches: string } }>().not.toExtend<ImageDeclaration>()
    expectTypeOf<{ nspawn: { Exec: { Boot: string } } }>().not.toExtend<ImageDeclaration>()
    // @ts-expect-error: no such field
    const declaration: ImageDeclaration = { closures: {} }
    expectTypeOf(declaration).toEqualTypeOf<ImageDeclaration>()
  })
})
