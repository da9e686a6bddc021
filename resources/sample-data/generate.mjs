// Writes the bundled data set. The same numbers every time: `node resources/sample-data/generate.mjs`.
// The files are what two customers' systems might export; nobody in them exists.
import { writeFileSync } from 'node:fs'

/** mulberry32: small, seeded, the same on every machine. */
function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const random = seeded(20261120)
const below = (n) => Math.floor(random() * n)
const pick = (list) => list[below(list.length)]
const pad = (n, width) => String(n).padStart(width, '0')
const chance = (share) => random() < share
const euros = (low, high) => (low + random() * (high - low)).toFixed(2)

const lastDay = Date.UTC(2026, 10, 19)
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10)
const minuteOf = (ms) => `${new Date(ms).toISOString().slice(0, 16)}Z`
const daysBack = (days) => lastDay - below(days * 1_440) * 60_000

const cell = (value) => {
  const text = String(value ?? '')
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
const write = (name, lines) =>
  writeFileSync(new URL(name, import.meta.url), `${lines.join('\n')}\n`)
const csv = (name, header, rows) => {
  write(name, [header.join(','), ...rows.map((row) => row.map(cell).join(','))])
  return rows
}
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index))

// Freight ------------------------------------------------------------------------------------

const carriers = [
  ['MAEU', 'Maersk', 'DK'], ['MSCU', 'Mediterranean Shipping', 'CH'], ['CMDU', 'CMA CGM', 'FR'],
  ['HLCU', 'Hapag-Lloyd', 'DE'], ['ONEY', 'Ocean Network Express', 'SG'], ['EGLV', 'Evergreen', 'TW'],
  ['COSU', 'Cosco', 'CN'], ['YMLU', 'Yang Ming', 'TW'], ['HDMU', 'HMM', 'KR'], ['ZIMU', 'Zim', 'IL'],
  ['DSVF', 'DSV', 'DK'], ['KNAG', 'Kuehne Nagel', 'CH'], ['DHLG', 'DHL Global Forwarding', 'DE'],
  ['SCHN', 'Schenker', 'DE'], ['GEOD', 'Geodis', 'FR'], ['RABN', 'Raben', 'PL'], ['LKWW', 'LKW Walter', 'AT'],
  ['DACH', 'Dachser', 'DE'], ['GRUB', 'Gruber Logistics', 'IT'], ['WABE', 'Waberer', 'HU'],
]
csv('carriers.csv', ['scac', 'name', 'country'], carriers)
const scacs = carriers.map(([scac]) => scac)

const places = [
  'DEHAM', 'DEBRV', 'NLRTM', 'BEANR', 'FRLEH', 'GBFXT', 'PLGDN', 'SEGOT', 'DKAAR', 'FIHEL', 'ESVLC',
  'ITGOA', 'GRPIR', 'SIKOP', 'PTSIE', 'CNSHA', 'CNNGB', 'SGSIN', 'KRPUS', 'USNYC', 'USSAV', 'BRSSZ',
]
const lanes = places.flatMap((from) => places.filter((to) => to !== from).map((to) => `${from}-${to}`))

const course = ['booked', 'picked_up', 'departed', 'arrived', 'customs', 'delivered']
function shipmentEvents(name, shipments, firstNumber, facilities) {
  const rows = times(shipments, (index) => {
    let at = daysBack(30)
    const carrier = pick(scacs)
    return course.slice(0, 2 + below(5)).map((event) => {
      at += (60 + below(2_400)) * 60_000
      return [`SH${firstNumber + index}`, event, carrier, pick(facilities), minuteOf(at)]
    })
  }).flat()
  csv(name, ['shipment', 'event', 'carrier', 'facility', 'at'], rows)
}
shipmentEvents('shipment-events.csv', 900, 1_042_000, places)
shipmentEvents('shipment-events-rotterdam.csv', 560, 2_217_000, ['NLRTM', 'NLAMS', 'BEANR'])

const rate = (carrier, lane) => [
  carrier, lane, pick(['20GP', '40GP', '40HC', 'LTL', 'FTL']), euros(240, 4_800), '2026-12-01',
]
const rateHeader = ['carrier', 'lane', 'equipment', 'rate_eur', 'valid_from']
csv('carrier-rates.csv', rateHeader,
  scacs.flatMap((carrier, index) => times(130, (n) => rate(carrier, lanes[(n * 3 + index) % lanes.length]))))
const weekly = scacs.flatMap((carrier) => times(45, (n) => rate(carrier, lanes[n * 7])))
// The carrier sent one lane twice, with another price.
weekly.splice(655, 0, [...weekly[646].slice(0, 3), '1980.00', '2026-12-01'])
csv('carrier-rates-week-47.csv', rateHeader, weekly)

const people = ['a.lindqvist', 'm.brandt', 'j.okafor', 's.novak', 'l.moreau', 'r.tanaka', 'e.costa', 'k.weiss']
function tickets(count, make) {
  return times(count, (index) => {
    const opened = daysBack(120)
    const closed = chance(0.6) ? opened + below(20 * 1_440) * 60_000 : null
    return JSON.stringify({
      ...make(index, closed !== null),
      assignee: chance(0.012) ? null : pick(people),
      opened: minuteOf(opened),
      closed: closed === null ? null : minuteOf(Math.min(closed, lastDay)),
    })
  })
}
const jira = (first) => (index, done) => ({
  key: `OPS-${first + index}`, type: pick(['Bug', 'Task', 'Story', 'Incident']),
  state: done ? 'Done' : pick(['To do', 'In progress', 'In review']),
})
write('jira-issues.ndjson', tickets(1_250, jira(1_200)))
const archive = tickets(520, jira(100))
// The export was cut off in the middle of a line, and went on.
archive[377] = archive[377].slice(0, 61)
write('jira-issues-archive.ndjson', archive)
write('github-pull-requests.ndjson', tickets(980, (index, done) => ({
  key: `acme/${pick(['tms', 'portal', 'edi-bridge'])}#${2_100 + index}`,
  type: pick(['feature', 'fix', 'docs', 'chore']), state: done ? 'merged' : 'open',
})))

const glossaryDe = [
  ['Seefracht', 'ocean freight'], ['Luftfracht', 'air freight'], ['Vorlauf', 'pre-carriage'],
  ['Nachlauf', 'on-carriage'], ['Zollabfertigung', 'customs clearance'], ['Einfuhr', 'import'],
  ['Ausfuhr', 'export'], ['Einfuhrumsatzsteuer', 'import VAT'], ['Lagergeld', 'storage charge'],
  ['Umschlag', 'handling'], ['Hafen', 'port'], ['Lager', 'warehouse'], ['Palette', 'pallet'],
  ['Paletten', 'pallets'], ['Container', 'container'], ['Fuß', 'foot'], ['Gewicht', 'weight'],
  ['von', 'from'], ['nach', 'to'], ['mit', 'with'], ['ohne', 'without'], ['und', 'and'], ['für', 'for'],
  ['je', 'per'], ['Tag', 'day'], ['Tage', 'days'], ['Stück', 'pieces'], ['Zuschlag', 'surcharge'],
  ['Treibstoffzuschlag', 'fuel surcharge'], ['Mautgebühr', 'road toll'], ['Wartezeit', 'waiting time'],
  ['Stunden', 'hours'], ['zahlbar innerhalb von', 'payable within'], ['netto', 'net'], ['brutto', 'gross'],
  ['Rechnung', 'invoice'], ['Gutschrift', 'credit note'], ['Lieferschein', 'delivery note'],
  ['unbeschädigt angenommen', 'received undamaged'], ['beschädigt angenommen', 'received damaged'],
  ['unter Vorbehalt', 'with reservation'], ['Empfänger', 'consignee'], ['Absender', 'shipper'],
  ['Unterschrift', 'signature'], ['liegt vor', 'is on file'], ['fehlt', 'is missing'],
  ['Hamburg', 'Hamburg'], ['Rotterdam', 'Rotterdam'], ['Antwerpen', 'Antwerp'], ['Danzig', 'Gdańsk'],
  ['Genua', 'Genoa'], ['Göteborg', 'Gothenburg'], ['Gefahrgut', 'dangerous goods'],
  ['Kühlgut', 'chilled goods'], ['abgeladen', 'unloaded'], ['zugestellt', 'delivered'],
]
csv('glossary-de-en.csv', ['source', 'target'], glossaryDe)
const town = () => pick(['Hamburg', 'Rotterdam', 'Antwerpen', 'Danzig', 'Genua', 'Göteborg'])
const german = [
  () => `Seefracht von ${town()} nach ${town()}, ${1 + below(4)} Container ${pick([20, 40])} Fuß`,
  () => `Zollabfertigung Einfuhr für ${1 + below(30)} Paletten Gefahrgut`,
  () => `Vorlauf ${town()} Hafen mit Mautgebühr`,
  () => `Lagergeld je Palette und Tag, ${2 + below(20)} Tage`,
  () => `Treibstoffzuschlag ${3 + below(14)} %, Referenz QX${below(9_000)}`,
  () => `Wartezeit ${1 + below(6)} Stunden, Rampe ${1 + below(40)}`,
  () => `Umschlag Kühlgut ohne Zuschlag`,
  () => `Rechnung zahlbar innerhalb von ${pick([14, 21, 30])} Tage netto`,
]
const notes = [
  () => `${1 + below(33)} Paletten unbeschädigt angenommen`,
  () => `Lieferschein unter Vorbehalt, Unterschrift Empfänger fehlt`,
  () => `Unterschrift Absender liegt vor`,
  () => `${1 + below(9)} Stück beschädigt angenommen, Plombe ${below(99_999)}`,
  () => `Kühlgut abgeladen nach ${1 + below(5)} Stunden Wartezeit`,
  () => `zugestellt von Lager ${town()}`,
]
function documents(name, prefix, first, counts) {
  const rows = times(counts.documents, (index) =>
    times(2 + below(5), (line) => [`${prefix}${first + index}`, line + 1, pick(counts.lines)()])).flat()
  csv(name, ['document', 'line', 'text'], rows)
}
documents('invoices-de.csv', 'R-2026-', 40_310, { documents: 245, lines: german })
documents('delivery-notes-de.csv', 'LS-', 771_200, { documents: 200, lines: notes })

const goods = ['pumps', 'valves', 'bearings', 'cable sets', 'furniture parts', 'cotton yarn', 'tiles', 'resins',
  'fasteners', 'glassware', 'motors', 'toys', 'paper rolls', 'tyres', 'lamps', 'tools', 'coffee', 'cocoa butter']
const materials = ['of steel', 'of aluminium', 'of plastics', 'of rubber', 'of wood', 'unassembled', 'for vehicles', 'other']
csv('customs-tariffs.csv', ['hs_code', 'description', 'duty_percent', 'unit'],
  times(1_900, (index) => [pad(10_121_000 + index * 46_211, 8), `${pick(goods)} ${pick(materials)}`,
    (below(280) / 10).toFixed(1), pick(['kg', 'piece', 'pair', 'm2'])]))

const charges = ['linehaul', 'handling', 'demurrage', 'toll', 'customs', 'storage']
const charge = (prefix, first, kinds) => (index) => [
  `${prefix}${first + index}`, pick(scacs), pick(kinds), euros(12, 3_900), dayOf(daysBack(30))]
const chargeHeader = ['reference', 'carrier', 'charge', 'amount_eur', 'charged_on']
csv('carrier-invoices.csv', chargeHeader, times(1_650, charge('CI', 880_400, charges)))
const corrections = times(480, charge('CK', 12_000, charges))
// A credit was booked as a charge: the ledger takes none below zero.
corrections[361][3] = '-412.50'
csv('carrier-invoices-corrections.csv', chargeHeader, corrections)
csv('fuel-surcharges.csv', chargeHeader, times(880, charge('FS', 51_000, ['fuel'])))

// Health -------------------------------------------------------------------------------------

const letters = 'ABCDEFGHIJKLMNOPRSTUVWZ'
const patients = times(600, (index) => [`P-${pad(10_400 + index * 3, 5)}`,
  `${letters[below(23)]}.${letters[below(23)]}.`, dayOf(Date.UTC(1932 + below(90), below(12), 1 + below(28)))])
csv('patients.csv', ['id', 'initials', 'born'], patients)
const patient = () => pick(patients)[0]

const tests = [
  ['HGB', 'g/dL', 12, 17.5, 6], ['WBC', '10^9/L', 4, 11, 9], ['PLT', '10^9/L', 150, 400, 220],
  ['NA', 'mmol/L', 135, 145, 12], ['K', 'mmol/L', 3.5, 5.1, 1.4], ['CRE', 'umol/L', 45, 104, 70],
  ['GLU', 'mmol/L', 3.9, 6.1, 5], ['CRP', 'mg/L', 0, 5, 40], ['TSH', 'mU/L', 0.4, 4, 3],
]
const labHeader = ['specimen', 'patient', 'test', 'value', 'unit', 'low', 'high', 'taken_at']
function labResults(name, specimens, first) {
  const rows = times(specimens, (index) => {
    const who = patient()
    const at = minuteOf(daysBack(5))
    return times(2 + below(4), (n) => tests[(index + n * 2) % tests.length]).map(([test, unit, low, high, spread]) =>
      [`S${first + index}`, who, test, (low + random() * (high - low) + (chance(0.1) ? spread : 0)).toFixed(2),
        unit, low, high, at])
  }).flat()
  return { name, rows }
}
const day = labResults('lab-results.csv', 720, 551_000)
csv(day.name, labHeader, day.rows)
const night = labResults('lab-results-night.csv', 240, 568_000)
// Admitted in the night, and not yet in the register.
night.rows[583][1] = 'P-99217'
csv(night.name, labHeader, night.rows)

const claim = (month, first) => (index) => [`C${first + index}`, patient(),
  `${pick(['OPS', 'GOA', 'EBM'])}-${pad(below(9_999), 4)}`, euros(18, 940), `2026-${month}-${pad(1 + below(19), 2)}`]
const claimHeader = ['claim', 'patient', 'procedure', 'amount_eur', 'treated_on']
csv('claims-2026-11.csv', claimHeader, times(1_800, claim('11', 7_310_000)))
const late = times(520, claim('11', 7_390_000))
// Typed by hand: a letter O where a zero belongs.
late[406][3] = '12O.40'
csv('claims-2026-11-late.csv', claimHeader, late)
csv('claims-2026-10.csv', claimHeader, times(1_650, claim('10', 7_240_000)))

const stems = ['amlo', 'metro', 'lisi', 'panto', 'simva', 'ibu', 'cefa', 'levo', 'dulo', 'riva', 'tors', 'vala']
const endings = ['dipin', 'prolol', 'nopril', 'prazol', 'statin', 'profen', 'zolin', 'floxacin', 'xetin', 'roxaban']
csv('formulary.csv', ['code', 'name', 'form', 'strength_mg', 'price_eur'],
  times(1_500, (index) => [
    `${letters[index % 14]}${pad(1 + (index % 12), 2)}${letters[(index * 5) % 20]}${letters[(index * 7) % 20]}${pad(1 + (Math.floor(index / 99) % 60), 2)}-${pad(index % 99, 2)}`,
    `${pick(stems)}${pick(endings)}`, pick(['tablet', 'capsule', 'solution', 'ampoule']),
    pick([2.5, 5, 10, 20, 40, 80, 200, 400, 600]), euros(1.2, 88)]))

const visitHeader = ['visit', 'patient', 'purpose', 'starts_at', 'minutes']
const visit = (prefix, first, purposes) => (index) => [`${prefix}${first + index}`, patient(), pick(purposes),
  minuteOf(lastDay + below(40 * 96) * 900_000), pick([10, 15, 20, 30, 45, 60])]
csv('appointments.csv', visitHeader,
  times(1_600, visit('A', 310_000, ['check-up', 'blood draw', 'ultrasound', 'consultation', 'wound care'])))
csv('vaccinations.csv', visitHeader,
  times(1_150, visit('V', 90_000, ['influenza', 'tetanus', 'hepatitis B', 'measles', 'pneumococcus'])))

const glossaryEn = [
  ['your appointment', 'votre rendez-vous'], ['appointment', 'rendez-vous'], ['is confirmed', 'est confirmé'],
  ['please bring', 'veuillez apporter'], ['your insurance card', "votre carte d'assurance"],
  ['your results', 'vos résultats'], ['are ready', 'sont prêts'], ['no action is needed', "aucune action n'est nécessaire"],
  ['please call us', 'veuillez nous appeler'], ['within', 'sous'], ['days', 'jours'], ['day', 'jour'],
  ['do not eat', 'ne mangez pas'], ['hours before', 'heures avant'], ['the test', "l'examen"], ['the blood test', 'la prise de sang'],
  ['take', 'prenez'], ['one tablet', 'un comprimé'], ['tablets', 'comprimés'], ['twice a day', 'deux fois par jour'],
  ['once a day', 'une fois par jour'], ['after meals', 'après les repas'], ['with water', "avec de l'eau"],
  ['for', 'pendant'], ['weeks', 'semaines'], ['side effects', 'effets indésirables'], ['may include', 'peuvent inclure'],
  ['headache', 'maux de tête'], ['nausea', 'nausées'], ['and', 'et'], ['or', 'ou'], ['on', 'le'], ['at', 'à'],
  ['Monday', 'lundi'], ['Tuesday', 'mardi'], ['Wednesday', 'mercredi'], ['Thursday', 'jeudi'], ['Friday', 'vendredi'],
  ['dear patient', 'chère patiente, cher patient'], ['keep out of reach of children', 'tenir hors de portée des enfants'],
]
csv('glossary-en-fr.csv', ['source', 'target'], glossaryEn)
const weekday = () => pick(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'])
const sentences = [
  () => `Your appointment on ${weekday()} at ${8 + below(9)}:${pick(['00', '15', '30'])} is confirmed`,
  () => `Dear patient, your results are ready`,
  () => `Please bring your insurance card and form B${below(90)}`,
  () => `Do not eat ${pick([6, 8, 12])} hours before the blood test`,
  () => `Please call us within ${2 + below(12)} days`,
  () => `No action is needed`,
]
const leaflet = [
  () => `Take one tablet ${pick(['once a day', 'twice a day'])} after meals`,
  () => `Take ${2 + below(3)} tablets with water for ${1 + below(4)} weeks`,
  () => `Side effects may include headache or nausea`,
  () => `Keep out of reach of children`,
  () => `Batch ${pick(letters)}${below(9_999)}`,
]
documents('patient-letters-en.csv', 'L-', 60_100, { documents: 190, lines: sentences })
documents('leaflets-en.csv', 'F-', 4_200, { documents: 170, lines: leaflet })
