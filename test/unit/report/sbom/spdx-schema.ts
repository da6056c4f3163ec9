/**
 * The constraints of the JSON schema of SPDX 2.3 for what the library writes: descriptions are left out, and elements that it
 * never writes are not allowed. From the SPDX specification (schemas/spdx-schema.json, spdx.org/rdf/terms/2.3) by the Linux
 * Foundation and its contributors, Creative Commons Attribution 3.0; changed as described.
 */
const TIME = {
  type: 'string',
  pattern: '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]|23:59:60)Z$',
}
const STRING = { type: 'string' }
const objectOf = (properties: Readonly<Record<string, unknown>>, required: readonly string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const listOf = (items: unknown, minItems = 0) => ({ type: 'array', items, minItems })
const oneOf = (words: string) => ({ type: 'string', enum: words.split(' ') })

const PACKAGE = objectOf(
  {
    SPDXID: { type: 'string', pattern: '^SPDXRef-[a-zA-Z0-9.-]+$' },
    checksums: listOf(
      objectOf(
        {
          algorithm: oneOf(
            'SHA1 BLAKE3 SHA3-384 SHA256 SHA384 BLAKE2b-512 BLAKE2b-256 SHA3-512 MD2 ADLER32 MD4 SHA3-256 BLAKE2b-384 ' +
              'SHA512 MD6 MD5 SHA224',
          ),
          checksumValue: { type: 'string', pattern: '^[0-9a-fA-F]+$' },
        },
        ['algorithm', 'checksumValue'],
      ),
    ),
    comment: STRING,
    copyrightText: STRING,
    description: STRING,
    downloadLocation: STRING,
    externalRefs: listOf(
      objectOf(
        {
          comment: STRING,
          referenceCategory: oneOf('OTHER PERSISTENT-ID PERSISTENT_ID SECURITY PACKAGE-MANAGER PACKAGE_MANAGER'),
          referenceLocator: STRING,
          referenceType: STRING,
        },
        ['referenceCategory', 'referenceLocator', 'referenceType'],
      ),
    ),
    filesAnalyzed: { type: 'boolean' },
    licenseConcluded: STRING,
    licenseDeclared: STRING,
    name: STRING,
    packageFileName: STRING,
    primaryPackagePurpose: oneOf(
      'OTHER INSTALL ARCHIVE FIRMWARE APPLICATION FRAMEWORK LIBRARY CONTAINER SOURCE DEVICE OPERATING-SYSTEM FILE',
    ),
    sourceInfo: STRING,
    summary: STRING,
    supplier: STRING,
    versionInfo: STRING,
  },
  ['SPDXID', 'downloadLocation', 'name'],
)

const RELATIONSHIP = objectOf(
  {
    spdxElementId: STRING,
    comment: STRING,
    relatedSpdxElement: STRING,
    relationshipType: oneOf(
      'VARIANT_OF COPY_OF PATCH_FOR TEST_DEPENDENCY_OF CONTAINED_BY DATA_FILE_OF OPTIONAL_COMPONENT_OF ANCESTOR_OF ' +
        'GENERATES CONTAINS OPTIONAL_DEPENDENCY_OF FILE_ADDED REQUIREMENT_DESCRIPTION_FOR DEV_DEPENDENCY_OF ' +
        'DEPENDENCY_OF BUILD_DEPENDENCY_OF DESCRIBES PREREQUISITE_FOR HAS_PREREQUISITE PROVIDED_DEPENDENCY_OF ' +
        'DYNAMIC_LINK DESCRIBED_BY METAFILE_OF DEPENDENCY_MANIFEST_OF PATCH_APPLIED RUNTIME_DEPENDENCY_OF TEST_OF ' +
        'TEST_TOOL_OF DEPENDS_ON SPECIFICATION_FOR FILE_MODIFIED DISTRIBUTION_ARTIFACT AMENDS DOCUMENTATION_OF ' +
        'GENERATED_FROM STATIC_LINK OTHER BUILD_TOOL_OF TEST_CASE_OF PACKAGE_OF DESCENDANT_OF FILE_DELETED ' +
        'EXPANDED_FROM_ARCHIVE DEV_TOOL_OF EXAMPLE_OF',
    ),
  },
  ['spdxElementId', 'relatedSpdxElement', 'relationshipType'],
)

export const SPDX_SCHEMA = objectOf(
  {
    SPDXID: STRING,
    comment: STRING,
    creationInfo: objectOf(
      { comment: STRING, created: TIME, creators: listOf(STRING, 1), licenseListVersion: STRING },
      ['created', 'creators'],
    ),
    dataLicense: STRING,
    name: STRING,
    spdxVersion: STRING,
    documentNamespace: STRING,
    packages: listOf(PACKAGE),
    relationships: listOf(RELATIONSHIP),
  },
  ['SPDXID', 'creationInfo', 'dataLicense', 'name', 'spdxVersion', 'documentNamespace'],
)
