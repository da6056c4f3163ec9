/** Whether a place is a URL of a web server, and not a path. */
export function isHttp(place: string | URL): boolean {
  return /^https?:/i.test(String(place))
}

/** Whether a text is the URL of a folder on a web server that others may read. */
export function isPublicFolder(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && isHttp(url) && !url.username && !url.password && !url.search && !url.hash
}
