import { describe, expect, it } from 'vitest'
import { OwnAddressError, refuseOwnAddress } from '../../../src/http/addresses.ts'

const refuse = (host: string) => () => refuseOwnAddress(new URL(`http://${host}/`))

describe('a public server', () => {
  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '169.254.169.254',
    '100.100.100.200',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    'localhost',
    'nix.localhost',
  ])('may not lead to %s', host => {
    expect(refuse(host)).toThrow(OwnAddressError)
  })

  it.each(['192.0.2.1', '10.0.0.1', '100.100.100.201', '[2001:db8::1]', '[fd00:ec2::255]', 'localhost.example.org'])(
    'may lead to %s',
    host => {
      expect(refuse(host)).not.toThrow()
    },
  )
})
