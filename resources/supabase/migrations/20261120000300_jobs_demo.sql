-- Where the sample jobs load what they read: two tenants, one freight forwarder and one health
-- service. The constraints are meant: some of the bundled files break them.
--
-- Every row carries the job that loaded it (run_id), so that a run can be taken back or replaced.

create schema demo;

create table demo.carriers (
  scac text primary key check (scac ~ '^[A-Z]{4}$'),
  name text not null,
  country text not null check (length(country) = 2)
);

create table demo.shipment_events (
  run_id text not null,
  shipment text not null,
  event text not null
    check (event in ('booked', 'picked_up', 'departed', 'arrived', 'customs', 'delivered')),
  carrier text not null references demo.carriers (scac),
  facility text not null check (facility ~ '^[A-Z]{5}$'),
  at timestamptz not null,
  primary key (run_id, shipment, event)
);

create table demo.carrier_rates (
  run_id text not null,
  carrier text not null references demo.carriers (scac),
  lane text not null check (lane ~ '^[A-Z]{5}-[A-Z]{5}$'),
  equipment text not null,
  rate_eur numeric(10, 2) not null,
  valid_from date not null,
  primary key (run_id, carrier, lane),
  constraint rate_above_zero check (rate_eur > 0)
);

create table demo.carrier_charges (
  run_id text not null,
  reference text not null,
  carrier text not null references demo.carriers (scac),
  charge text not null,
  amount_eur numeric(10, 2) not null,
  charged_on date not null,
  primary key (run_id, reference),
  constraint amount_not_negative check (amount_eur >= 0)
);

create table demo.tickets (
  run_id text not null,
  key text not null,
  source text not null check (source in ('jira', 'github')),
  type text not null,
  state text not null,
  assignee text,
  opened_at timestamptz not null,
  closed_at timestamptz,
  age_days numeric(8, 2),
  primary key (run_id, key),
  constraint closed_after_opened check (closed_at >= opened_at)
);

create table demo.customs_tariffs (
  run_id text not null,
  hs_code text not null check (hs_code ~ '^[0-9]{8}$'),
  description text not null,
  duty_percent numeric(5, 2) not null,
  unit text not null,
  primary key (run_id, hs_code),
  constraint duty_within_0_and_100 check (duty_percent between 0 and 100)
);

create table demo.translations (
  run_id text not null,
  document text not null,
  line integer not null check (line >= 1),
  source text not null,
  target text not null,
  words_kept integer not null check (words_kept >= 0),
  primary key (run_id, document, line)
);

create table demo.patients (
  id text primary key check (id ~ '^P-[0-9]{5}$'),
  initials text not null,
  born date not null
);

create table demo.lab_results (
  run_id text not null,
  specimen text not null,
  patient_id text not null references demo.patients (id),
  test text not null,
  value numeric(10, 3) not null,
  unit text not null,
  out_of_range boolean not null,
  taken_at timestamptz not null,
  primary key (run_id, specimen, test)
);

create table demo.claims (
  run_id text not null,
  claim text not null,
  patient_id text not null references demo.patients (id),
  procedure_code text not null,
  amount_eur numeric(10, 2) not null,
  treated_on date not null,
  primary key (run_id, claim),
  constraint claim_above_zero check (amount_eur > 0)
);

create table demo.formulary (
  run_id text not null,
  code text not null check (code ~ '^[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}-[0-9]{2}$'),
  name text not null,
  form text not null,
  strength_mg numeric(10, 3) not null check (strength_mg > 0),
  price_eur numeric(10, 2) not null check (price_eur > 0),
  primary key (run_id, code)
);

create table demo.visits (
  run_id text not null,
  visit text not null,
  patient_id text not null references demo.patients (id),
  purpose text not null,
  starts_at timestamptz not null,
  minutes integer not null check (minutes between 5 and 480),
  primary key (run_id, visit)
);

-- What the last step of a job leaves behind: one line a group.
create table demo.summaries (
  tenant_id text not null,
  recipe text not null,
  group_key text not null,
  row_count bigint not null,
  amount numeric,
  run_id text not null,
  primary key (tenant_id, recipe, group_key)
);

-- Work driven by --load: one row a job, written once for every event.
create table demo.load_tallies (
  job_id text primary key references public.jobs (id) on delete cascade,
  rows_done bigint not null,
  checksum bigint not null
);

revoke all on schema demo from public;
