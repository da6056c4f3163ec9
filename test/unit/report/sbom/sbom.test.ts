import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../../../src/index.ts'
import { openImage } from '../../../../src/open/index.ts'
import { createSbom, diffImages, measureImage, type SbomOptions } from '../../../../src/report/index.ts'
import { narInfoOf, storePathOf } from '../../../chroot-store.ts'
import { runCommand } from '../../../command.ts'
import { createNixosStore } from '../../../nixos-store.ts'
import { END_OF_TAR, rawEntry } from '../../../raw-tar.ts'
import { temporaryFolder } from '../../../temporary.ts'
import { sendFile, serve } from '../../http/servers.ts'
import type { Tree } from '../../nix/nar-support.ts'
import { SPDX_SCHEMA } from './spdx-schema.ts'

/** A plain tar of nothing but a registration. */
function registrationOf(records: readonly string[]): Buffer {
  return Buffer.concat([rawEntry({ name: 'nix-path-registration', data: records.join('') }), END_OF_TAR])
}

function recordOf(path: string, references: readonly string[] = [], narSize = 7): string {
  return [path, `sha256:${'0'.repeat(52)}`, narSize, '', references.length, ...references, ''].join('\n')
}

const WEB: Tree = { contents: 'web' }

describe('a software bill of materials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-test-'))
  let image: string
  let toplevel: string
  let web: string
  let odd: string

  beforeAll(async () => {
    const store = createNixosStore(folder)
    toplevel = store.toplevel
    odd = store.add('gtk+_x?=1-2.0+git_1=?-dev', { contents: 'odd' })
    web = store.add('web-1.26.2', WEB, [odd])
    store.register(web, { ...narInfoOf(WEB), references: [web, odd] })
    const spec = { source: store.source, toplevel, roots: [web], name: 'web', level: 1 }
    image = (await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))).image
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const make = async <T extends SbomOptions>(options: T, manifest?: false) => {
    await using opened = await openImage(image, { manifest })
    return await createSbom(opened, options)
  }
  const cyclonedx = async (options: Omit<SbomOptions, 'format'> = {}) => {
    await using opened = await openImage(image)
    return await createSbom(opened, { ...options, format: 'cyclonedx' })
  }
  const spdx = async (options: Omit<SbomOptions, 'format'> = {}) => {
    await using opened = await openImage(image)
    return await createSbom(opened, { ...options, format: 'spdx' })
  }
  const sha256 = () => createHash('sha256').update(readFileSync(image)).digest('hex')

  it.each([{}, { created: new Date(1_700_000_000_123) }])('is right by the schema of CycloneDX: %j', async options => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
    expect(await validator.validate(JSON.stringify(await cyclonedx(options)))).toBeNull()
    expect(await validator.validate(JSON.stringify({ ...(await cyclonedx()), odd: 1 }))).not.toBeNull()
  })

  it.each([{}, { created: new Date(1_700_000_000_123) }])('is right by the schema of SPDX: %j', async options => {
    const validate = new Ajv({ allErrors: true }).compile(SPDX_SCHEMA)
    const document = await spdx(options)
    expect(validate(JSON.parse(JSON.stringify(document))) || validate.errors).toBe(true)
    expect(validate({ ...document, odd: 1 })).toBe(false)
    const ids = document.packages.map(({ SPDXID }) => SPDXID)
    expect(new Set(ids).size).toBe(ids.length)
    const known = new Set([...ids, 'SPDXRef-DOCUMENT'])
    const ends = document.relationships.flatMap(each => [each.spdxElementId, each.relatedSpdxElement])
    expect(ends.filter(id => !known.has(id))).toEqual([])
  })

  it('tells the components, what they refer to, and the image', async () => {
    const { metadata, components, dependencies } = await cyclonedx()
    expect(metadata).not.toHaveProperty('timestamp')
    expect(metadata.component).toMatchObject({ name: 'web', hashes: [{ alg: 'SHA-256', content: sha256() }] })
    expect(components).toHaveLength(6)
    expect(components.find(each => each['bom-ref'] === toplevel)?.type).toBe('operating-system')
    const digest = web.slice(11, 43)
    expect(components.find(({ name }) => name === 'web')).toEqual({
      type: 'application',
      'bom-ref': web,
      name: 'web',
      version: '1.26.2',
      purl: `pkg:nix/web@1.26.2?outputhash=${digest}`,
      hashes: [{ alg: 'SHA-256', content: narInfoOf(WEB).narHash }],
      properties: [
        { name: 'nix:output_path', value: web },
        { name: 'nix:hash_of', value: 'NAR serialisation of the output path' },
        { name: 'nix:nar_size', value: String(narInfoOf(WEB).narSize) },
      ],
    })
    expect(components.find(each => each['bom-ref'] === odd)).toMatchObject({
      name: 'gtk+_x?=1',
      version: '2.0+git_1=?',
      purl: `pkg:nix/gtk%2B_x%3F%3D1@2.0%2Bgit_1%3D%3F?output=dev&outputhash=${odd.slice(11, 43)}`,
    })
    const refs = new Map(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]))
    expect(refs.get('image')).toEqual([toplevel, web].sort())
    expect(refs.get(web)).toEqual([odd])
    expect(refs.get(odd)).toEqual([])
  })

  it('takes no word for an output where no version is in front of it', async () => {
    const folder = temporaryFolder()
    const names = ['-1.0', '-dev', 'ca-certificates', 'foo-1.2-dev', 'system-units']
    const file = join(folder, 'a.tar')
    writeFileSync(file, registrationOf(names.map(name => recordOf(storePathOf(name)))))
    await using opened = await openImage(file)
    const { components } = await createSbom(opened, { format: 'cyclonedx' })
    const shown = components.map(({ name, version, purl }) => [name, version, purl?.replace(/outputhash=.*/, '')])
    expect(shown.sort()).toEqual([
      ['-1.0', undefined, 'pkg:nix/-1.0?'],
      ['-dev', undefined, 'pkg:nix/-dev?'],
      ['ca-certificates', undefined, 'pkg:nix/ca-certificates?'],
      ['foo', '1.2', 'pkg:nix/foo@1.2?output=dev&'],
      ['system-units', undefined, 'pkg:nix/system-units?'],
    ])
  })

  it('has the same roots and records as the sizes', async () => {
    const [a, b, c] = ['a-1', 'b-1', 'c-1'].map(name => storePathOf(name)) as [string, string, string]
    const file = join(temporaryFolder(), 'a.tar')
    const records = [recordOf(a, [b]), recordOf(b, [a]), recordOf(c, [], 7), recordOf(c, [a], 8)]
    writeFileSync(file, registrationOf(records))
    await using opened = await openImage(file)
    const { components, dependencies } = await createSbom(opened, { format: 'cyclonedx' })
    const sizes = await measureImage(opened)
    const refs = new Map(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]))
    expect([refs.get('image'), refs.get(c)]).toEqual([[c], [a]])
    expect(sizes).toMatchObject({ roots: [c], narSize: 7 + 7 + 8 })
    const properties = components.find(each => each['bom-ref'] === c)?.properties
    expect(properties).toContainEqual({ name: 'nix:nar_size', value: '8' })
    expect((await diffImages(opened, opened)).old).toMatchObject({ storePaths: 3, narSize: sizes.narSize })

    // Of a cycle, the order of the records decides which path is the root.
    for (const cycle of [
      [recordOf(a, [b]), recordOf(b, [a])],
      [recordOf(b, [a]), recordOf(a, [b])],
    ]) {
      writeFileSync(file, registrationOf(cycle))
      await using other = await openImage(file)
      const [image] = (await createSbom(other, { format: 'cyclonedx' })).dependencies
      expect(image).toEqual({ ref: 'image', dependsOn: (await measureImage(other)).roots })
      expect(image?.dependsOn).toHaveLength(1)
    }
  })

  it('tells the same as SPDX, and what is not known', async () => {
    const { creationInfo, packages, relationships } = await spdx()
    expect(creationInfo.created).toBe('1970-01-01T00:00:00Z')
    expect((await spdx({ created: new Date(1_700_000_000_123) })).creationInfo.created).toBe('2023-11-14T22:13:20Z')
    const idOf = (path: string) => packages.find(({ sourceInfo }) => sourceInfo === path)!.SPDXID
    expect(packages[0]).toMatchObject({ name: 'web', checksums: [{ algorithm: 'SHA256', checksumValue: sha256() }] })
    expect(packages.find(({ sourceInfo }) => sourceInfo === web)).toMatchObject({
      versionInfo: '1.26.2',
      licenseDeclared: 'NOASSERTION',
      checksums: [{ algorithm: 'SHA256', checksumValue: narInfoOf(WEB).narHash }],
    })
    const from = relationships.filter(each => each.spdxElementId === idOf(web))
    expect(from).toEqual([{ spdxElementId: idOf(web), relationshipType: 'DEPENDS_ON', relatedSpdxElement: idOf(odd) }])
  })

  it('is the same each time, and has another number for another image', async () => {
    expect(await cyclonedx()).toEqual(await cyclonedx())
    expect(await spdx()).toEqual(await spdx())
    const { serialNumber } = await cyclonedx()
    expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect((await cyclonedx({ name: 'other' })).serialNumber).not.toBe(serialNumber)
    expect((await spdx({ name: 'other' })).documentNamespace).not.toBe((await spdx()).documentNamespace)
  })

  it('does without a manifest, but for the hash of the image', async () => {
    const withManifest = await cyclonedx()
    const without = await make({ format: 'cyclonedx', name: 'web' }, false)
    if (!('components' in without)) throw new Error('is SPDX')
    expect(without.components).toEqual(withManifest.components)
    expect(without.dependencies).toEqual(withManifest.dependencies)
    expect(without.metadata.component).not.toHaveProperty('hashes')
  })

  it('is printed by a command', async () => {
    const { code, stdout } = await runCommand(['sbom', image, '--format', 'spdx'], { env: { SOURCE_DATE_EPOCH: '60' } })
    expect(code).toBe(0)
    expect(JSON.parse(stdout.toString())).toEqual(await spdx({ created: new Date(60_000) }))
    const wrong = await runCommand(['sbom', image], { env: { SOURCE_DATE_EPOCH: 'now' } })
    expect(wrong).toMatchObject({ code: 2, stderr: 'nspawn-rootfs: SOURCE_DATE_EPOCH: give the seconds since 1970\n' })
  })

  it('has the name of the file in a URL, decoded where that is possible', async () => {
    const bytes = registrationOf([recordOf(storePathOf('a-1'))])
    const server = await serve((request, response) => {
      if (request.url?.includes('.json')) response.writeHead(404).end()
      else sendFile(request, response, { file: bytes })
    })
    for (const [file, name] of [
      ['a%20b%25%C3%BC.tar.xz?token=x', 'a b%ü'],
      ['a%ff.tar.xz', 'a%ff'],
    ] as const) {
      const { stdout, stderr } = await runCommand(['sbom', server.at(file).href])
      expect(stderr).not.toContain('nspawn-rootfs:')
      expect(JSON.parse(stdout.toString()).metadata.component.name).toBe(name)
    }
  })

  it('needs a registration', async () => {
    const bytes = Buffer.concat([rawEntry({ name: 'a' }), END_OF_TAR])
    const read = async (offset: number, length: number) => new Uint8Array(bytes.subarray(offset, offset + length))
    await using opened = await openImage({ size: bytes.length, read })
    await expect(createSbom(opened)).rejects.toMatchObject({ code: 'ENTRY_MISSING' })
    await expect(createSbom(opened, { format: 'csv' as never })).rejects.toThrow(/^options\.format: give one of/)
    await expect(createSbom(opened, { created: new Date(Number.NaN) })).rejects.toThrow(RangeError)
  })
})
