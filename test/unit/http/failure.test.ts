import { describe, expect, it } from 'vitest'
import { delayAfter, failureOf, parseRetryAfter } from '../../../src/http/failure.ts'

describe('delayAfter', () => {
  it.each([
    [1, 250],
    [2, 500],
    [6, 8000],
    [2000, 8000],
  ])('is about twice as long every time: failure %i', (count, longest) => {
    const delays = Array.from({ length: 100 }, () => delayAfter(count))
    expect(Math.max(...delays)).toBeLessThanOrEqual(longest)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(longest / 2)
    expect(new Set(delays).size).toBeGreaterThan(1)
  })
})

describe('parseRetryAfter', () => {
  const now = Date.parse('Fri, 31 Dec 1999 23:58:59 GMT')

  it.each([
    [undefined, undefined],
    ['0', 0],
    ['120', 120_000],
    ['Fri, 31 Dec 1999 23:59:59 GMT', 60_000],
    ['Fri, 31 Dec 1999 23:00:00 GMT', 0],
    ['later', undefined],
    [['1', '2'], undefined],
  ])('reads %j', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected)
  })
})

describe('failureOf', () => {
  const systemError = (code: string, message = 'said so') => Object.assign(new Error(message), { code })

  it.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'HOSTNAME_MISMATCH',
    'INVALID_CA',
    'UND_ERR_PRX_TLS',
  ])('takes a refused certificate for good: %s', code => {
    expect(failureOf(systemError(code))).toMatchObject({ code: 'HTTP_FAILED', transient: false })
  })

  it.each(['ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ENETUNREACH', 'UND_ERR_SOCKET', 'EPROTO'])(
    'takes it that the network may recover: %s',
    code => expect(failureOf(systemError(code))).toMatchObject({ code: 'HTTP_FAILED', transient: true }),
  )

  it('says what happened when every address of a host failed', () => {
    const error = Object.assign(new AggregateError([systemError('ECONNREFUSED', 'connect ::1')]), {
      code: 'ECONNREFUSED',
    })
    expect(failureOf(error)?.reason).toBe('the connection was refused (connect ::1)')
  })

  it('says what a proxy error hides', () => {
    const error = Object.assign(systemError('UND_ERR_PRX_CONN'), {
      cause: systemError('UND_ERR_SOCKET', 'other side closed'),
    })
    expect(failureOf(error)?.reason).toBe('the proxy closed the connection (other side closed)')
  })

  it('leaves errors of other origin alone', () => {
    expect(failureOf(new TypeError('mine'))).toBeUndefined()
    expect(failureOf('text')).toBeUndefined()
    expect(failureOf(undefined)).toBeUndefined()
  })
})
