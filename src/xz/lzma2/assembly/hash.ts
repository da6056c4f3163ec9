/** The hash of four bytes: another order of their values, since the product with an odd number loses nothing. */
export function hash(text: u32): u32 {
  return text * 0x9e37_79b1
}

/** The hash of the four bytes at an address. */
export function hashAt(address: i32): u32 {
  return hash(load<u32>(address))
}
