/** Whether a place is a URL of a web server, and not a path. */
export function isHttp(place: string | URL): boolean {
  return /^https?:/i.test(String(place))
}
