/**
 * The texts of unit files and drop-ins by name (`web.service`, `web.service.d/10-boot.conf`), which knows the drop-ins of a
 * unit: to look for those of each among all would take long for many units.
 */
export class UnitTexts extends Map<string, string> {
  readonly #dropIns = new Map<string, string[]>()

  constructor(texts: Iterable<readonly [string, string]> = []) {
    super()
    for (const [name, text] of texts) this.set(name, text)
  }

  override set(name: string, text: string): this {
    const [, unit, dropIn] = /^([^/]+)\.d\/([^./][^/]*\.conf)$/.exec(name) ?? []
    if (unit !== undefined && !this.has(name)) {
      const names = this.#dropIns.get(unit)
      if (names === undefined) this.#dropIns.set(unit, [dropIn])
      else names.push(dropIn)
    }
    return super.set(name, text)
  }

  /** File names of the drop-ins of a unit file. */
  dropInsOf(file: string): readonly string[] {
    return this.#dropIns.get(file) ?? []
  }
}
