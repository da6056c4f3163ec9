/** Addresses that the network has, and names that /etc/hosts has for some. */
export const ADDRESSES = [
  '127.0.0.1',
  '169.254.169.254',
  '192.168.7.7',
  '198.51.100.7',
  '198.51.100.8',
  '::1',
  '2001:db8::7',
]
