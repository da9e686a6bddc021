-- The log of changes: every change of every job, in the order of commits, numbered without a gap
-- within each tenant. Whoever was away reads on from where it was. docs/adr/0019-change-log.md
-- says why it is written at commit.

create table public.job_changes (
  tenant_id text not null,
  -- Rises by one with every change of the tenant.
  "offset" bigint not null,
  -- Rises in the order of commits over all tenants; a transaction that fails leaves a hole.
  position bigint not null unique,
  -- No reference: a job that is deleted must not tear holes into the log.
  job_id text not null,
  attempt integer not null,
  seq bigint not null,
  job jsonb not null,
  -- The wire fields that changed.
  changes jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, "offset")
);

create sequence public.job_changes_position owned by public.job_changes.position;

alter table public.job_changes enable row level security;
create policy job_changes_of_own_tenants on public.job_changes for select to authenticated
  using (tenant_id = any ((select public.caller_tenants())::text[]));
revoke all on public.job_changes from anon, authenticated;
revoke all on sequence public.job_changes_position from anon, authenticated;
grant select on public.job_changes to authenticated;
grant all on public.job_changes to service_role;

-- What is left in job_events are the lines that people read.
delete from public.job_events where text is null;
alter table public.job_events alter column text set not null;
alter table public.job_events drop column changes;
drop index if exists public.job_events_to_prune;
drop function public.record_job_event(public.jobs, jsonb, jsonb);

-- Without a search path of their own, so that they can be inlined: they are called for every
-- change, and every name in them is qualified or of pg_catalog.
create or replace function public.wire_time(at timestamptz) returns text
language sql stable
as $$ select to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
alter function public.job_wire(public.jobs) reset all;

-- At commit. The lock is held until the transaction is visible to others, so positions and offsets
-- are in the order in which changes become visible: a reader who has seen one has seen all before.
-- A transaction of repeatable read that lost a race fails as such (40001). The rights are the
-- owner's, because the role at commit may be another than the one that changed the job.
create function public.log_job_change() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  after jsonb := public.job_wire(new);
  before jsonb;
  changes jsonb;
  last bigint;
begin
  if tg_op = 'INSERT' then
    changes := after - array['id', 'name', 'tenant_id', 'attempt', 'seq'];
  else
    before := public.job_wire(old);
    select jsonb_object_agg(field.key, field.value) into changes
    from jsonb_each(after - array['attempt', 'seq']) as field
    where field.key = 'updated_at' or field.value is distinct from before -> field.key;
  end if;
  -- Of Signalbox, and of nobody else in this database.
  perform pg_advisory_xact_lock(720661420);
  select c."offset" into last from public.job_changes c
  where c.tenant_id = new.tenant_id order by c."offset" desc limit 1;
  insert into public.job_changes (tenant_id, "offset", position, job_id, attempt, seq, job, changes)
  values (
    new.tenant_id, coalesce(last, 0) + 1, nextval('public.job_changes_position'),
    new.id, new.attempt, new.seq, after, changes
  )
  on conflict do nothing;
  -- A bell and no more: one a transaction, however much it changed.
  perform pg_notify('job_changes', '');
  return null;
end
$$;

create constraint trigger job_insert_logged after insert on public.jobs
  deferrable initially deferred
  for each row execute function public.log_job_change();
create constraint trigger job_change_logged after update on public.jobs
  deferrable initially deferred
  for each row when (new.seq <> old.seq or new.attempt <> old.attempt)
  execute function public.log_job_change();

create function public.record_job_line(job public.jobs, note jsonb) returns void
language sql set search_path = ''
as $$
  insert into public.job_events (job_id, tenant_id, attempt, seq, at, level, kind, text)
  select job.id, job.tenant_id, job.attempt, job.seq, job.updated_at,
    coalesce(note ->> 'level', 'info'), coalesce(note ->> 'kind', 'timeline'), note ->> 'text'
  where note ->> 'text' is not null
$$;

create or replace function public.job_inserted() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.note is not null then
    perform public.record_job_line(new, new.note);
  end if;
  return null;
end
$$;

create or replace function public.job_changed() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.id <> old.id or new.tenant_id <> old.tenant_id then
    raise exception 'a job keeps its id and its tenant';
  end if;
  if new.attempt < old.attempt then
    raise exception 'attempts only rise';
  end if;
  if old.finished_at is not null and new.attempt = old.attempt and new.status <> old.status then
    raise exception 'a final state is final within its attempt';
  end if;

  new.seq := old.seq;
  new.updated_at := old.updated_at;
  -- The note of the insert is still there, and was told then.
  new.note := case when new.note is distinct from old.note then new.note end;
  if new.note is null and (
    new.name, new.kind, new.status, new.progress, new.step, new.counters, new.message, new.attempt,
    new.created_at, new.started_at, new.finished_at, new.error
  ) is not distinct from (
    old.name, old.kind, old.status, old.progress, old.step, old.counters, old.message, old.attempt,
    old.created_at, old.started_at, old.finished_at, old.error
  ) then
    return new;
  end if;

  new.seq := case when new.attempt > old.attempt then 1 else old.seq + 1 end;
  new.updated_at := clock_timestamp();
  if new.note is not null then
    perform public.record_job_line(new, new.note);
    new.note := null;
  end if;
  return new;
end
$$;

-- A job that goes before it has ended: whoever watches it is told that there is none any more.
create or replace function public.job_deleted() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform pg_notify('job_deletions', old.id);
  return null;
end
$$;

-- Offsets start over with an empty log: so does the history that they belong to.
create function public.renew_job_epoch() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.job_stream set epoch = gen_random_uuid();
  return null;
end
$$;
create trigger job_changes_emptied after truncate on public.job_changes
  for each statement execute function public.renew_job_epoch();
