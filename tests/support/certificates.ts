import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A certificate in PEM form and the paths of it and of its key. */
export interface Certificate {
  readonly pem: string
  readonly certFile: string
  readonly keyFile: string
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

async function openssl(args: readonly string[]): Promise<void> {
  await run('openssl', [...args])
}

const files = (dir: string, name: string) => ({
  certFile: join(dir, `${name}.crt`),
  keyFile: join(dir, `${name}.key`),
})

/** An authority that signed itself. */
export async function makeAuthority(dir: string, name: string): Promise<Certificate> {
  const { certFile, keyFile } = files(dir, name)
  const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE']
  await openssl([
    'req',
    '-x509',
    ...curve,
    '-days',
    '2',
    ...subject,
    '-keyout',
    keyFile,
    '-out',
    certFile,
  ])
  return { certFile, keyFile, pem: await readFile(certFile, 'utf8') }
}

export interface ServerCertificate {
  readonly name: string
  /** As `subjectAltName` has it: `DNS:localhost` or `IP:127.0.0.1`. */
  readonly for: string
  readonly expired?: boolean
}

/** A server's, signed by an authority. */
export async function makeCertificate(
  dir: string,
  authority: Certificate,
  { name, for: alternative, expired = false }: ServerCertificate,
): Promise<Certificate> {
  const { certFile, keyFile } = files(dir, name)
  const [request, extensions] = [join(dir, `${name}.csr`), join(dir, `${name}.ext`)]
  await writeFile(extensions, `subjectAltName=${alternative}\n`)
  await openssl([
    'req',
    '-new',
    ...curve,
    '-subj',
    `/CN=${name}`,
    '-keyout',
    keyFile,
    '-out',
    request,
  ])
  const times = expired ? ['-days', '-1'] : ['-days', '2']
  const by = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial']
  const out = ['-extfile', extensions, '-out', certFile]
  await openssl(['x509', '-req', '-in', request, ...by, ...times, ...out])
  return { certFile, keyFile, pem: await readFile(certFile, 'utf8') }
}
