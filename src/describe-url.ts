/**
 * A URL as messages show it: without user and password, and without what stands in its query, where storage services have
 * signatures and caches have tokens. What is no valid URL may hold secrets, too.
 */
export function describeUrl(url: URL | string): string {
  const text = String(url)
  // A password that is not encoded may hold any character, and makes the URL invalid.
  const userinfo = URL.canParse(text) ? /\/\/[^\s/?#]*@/g : /\/\/\S*@/g
  return text.replace(userinfo, '//').replace(/#\S*/g, '').replace(/\?\S*/g, '?...')
}

/** `message` about a URL: beginning with it, unless the message names it anyway. */
export function aboutUrl(url: URL | string, message: string): string {
  const shown = describeUrl(url)
  return message.includes(shown) ? message : `${shown}: ${message}`
}
