-- Jobs, their events, who works on them, and who looked. Runs on a hosted Supabase project as it is.
--
-- One rule carries the whole protocol: every change of a job that a client could see is one event.
-- The triggers below number it (seq, +1 within an attempt), keep what changed, and notify. No
-- writer can forget it, also not somebody with an SQL editor.

-- The tenants that the caller's token names. Where a project keeps them under another claim, this
-- function is the one place to change.
create function public.caller_tenants() returns text[]
language sql stable set search_path = ''
as $$
  select coalesce(array_agg(named.id), '{}')
  from (
    select auth.jwt() #>> '{app_metadata,tenant_id}' as id
    union
    select tenant ->> 'id'
    from jsonb_array_elements(
      case jsonb_typeof(auth.jwt() #> '{app_metadata,tenants}')
        when 'array' then auth.jwt() #> '{app_metadata,tenants}'
        else '[]'
      end
    ) as tenant
  ) as named
  where named.id is not null
$$;

create table public.jobs (
  id text primary key check (id ~ '^[A-Za-z0-9._-]{1,128}$'),
  name text not null check (length(name) between 1 and 128),
  kind text not null check (length(kind) between 1 and 64),
  tenant_id text not null check (length(tenant_id) between 1 and 128),
  status text not null default 'queued'
    check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  progress double precision not null default 0 check (progress between 0 and 100),
  step jsonb,
  counters jsonb,
  message text check (length(message) <= 2000),
  attempt integer not null default 1 check (attempt >= 1),
  seq bigint not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  error jsonb,
  -- Not on the wire: which workers may take it, what they need, who has it.
  queue text not null default 'sample',
  input jsonb not null default '{}',
  worker text,
  -- A line for the job's record, {level, kind, text}; the trigger moves it into the event.
  note jsonb,
  check (status <> 'running' or (worker is not null and started_at is not null)),
  check ((status in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null))
) with (fillfactor = 60);

create index jobs_by_creation on public.jobs (tenant_id, created_at desc, id desc);
create index jobs_by_name on public.jobs (tenant_id, name);
create index jobs_waiting on public.jobs (queue, tenant_id, created_at) where status = 'queued';
create index jobs_running on public.jobs (worker) where status = 'running';

create function public.wire_time(at timestamptz) returns text
language sql stable set search_path = ''
as $$ select to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

-- A job as it stands on the wire (gateway protocol, section 2).
create function public.job_wire(job public.jobs) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', job.id, 'name', job.name, 'kind', job.kind, 'tenant_id', job.tenant_id,
    'status', job.status, 'progress', job.progress, 'step', job.step, 'counters', job.counters,
    'message', job.message, 'attempt', job.attempt, 'seq', job.seq,
    'created_at', public.wire_time(job.created_at), 'started_at', public.wire_time(job.started_at),
    'updated_at', public.wire_time(job.updated_at), 'finished_at', public.wire_time(job.finished_at),
    'error', job.error
  )
$$;

create table public.job_events (
  id bigint generated always as identity primary key,
  job_id text not null references public.jobs (id) on delete cascade,
  tenant_id text not null,
  attempt integer not null,
  seq bigint not null,
  at timestamptz not null default clock_timestamp(),
  level text not null default 'info' check (level in ('info', 'success', 'warning', 'error')),
  kind text not null default 'timeline' check (kind in ('timeline', 'log')),
  -- Null for an event that only moved numbers; such events are kept for minutes, lines for as
  -- long as their job.
  text text check (length(text) <= 2000),
  -- The wire fields that this event changed.
  changes jsonb not null,
  unique (job_id, attempt, seq)
);

create index job_events_to_prune on public.job_events (at) where text is null;

-- Tells apart this history of events from any other: a client that has seen another epoch starts over.
create table public.job_stream (
  only_row boolean primary key default true check (only_row),
  epoch uuid not null default gen_random_uuid()
);
insert into public.job_stream default values;

create function public.record_job_event(job public.jobs, changes jsonb, note jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  event_id bigint;
begin
  insert into public.job_events (job_id, tenant_id, attempt, seq, at, level, kind, text, changes)
  values (
    job.id, job.tenant_id, job.attempt, job.seq, job.updated_at,
    coalesce(note ->> 'level', 'info'), coalesce(note ->> 'kind', 'timeline'), note ->> 'text',
    changes
  )
  returning id into event_id;
  -- Ids only: a payload has room for 8,000 bytes, a job may need more.
  perform pg_notify('job_events', jsonb_build_array(event_id, job.tenant_id, job.id)::text);
end
$$;

create function public.job_inserted() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform public.record_job_event(
    new,
    public.job_wire(new) - array['id', 'name', 'tenant_id', 'attempt', 'seq'],
    new.note
  );
  return null;
end
$$;

create function public.job_changed() returns trigger
language plpgsql set search_path = ''
as $$
declare
  changes jsonb;
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
  select jsonb_object_agg(after.key, after.value) into changes
  from jsonb_each(public.job_wire(new)) as after
  where after.value is distinct from (public.job_wire(old) -> after.key);
  if changes is null and new.note is null then
    return new;
  end if;

  new.seq := case when new.attempt > old.attempt then 1 else old.seq + 1 end;
  new.updated_at := clock_timestamp();
  perform public.record_job_event(
    new,
    coalesce(changes, '{}') - 'attempt'
      || jsonb_build_object('updated_at', public.wire_time(new.updated_at)),
    new.note
  );
  new.note := null;
  return new;
end
$$;

-- A job that goes before it has ended: whoever watches it is told that there is none any more.
create function public.job_deleted() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform pg_notify('job_events', jsonb_build_array(null, old.tenant_id, old.id)::text);
  return null;
end
$$;

create trigger job_inserted after insert on public.jobs
  for each row execute function public.job_inserted();
create trigger job_changed before update on public.jobs
  for each row execute function public.job_changed();
create trigger job_deleted after delete on public.jobs
  for each row when (old.finished_at is null) execute function public.job_deleted();

-- A worker process is alive while it renews seen_at; the jobs of a silent one are taken back.
create table public.job_workers (
  id text primary key,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp()
);

-- Who asked to see what, and what they were answered. Never a token.
create table public.audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  user_id text,
  email text,
  tenant_ids text[] not null default '{}',
  action text not null,
  subject text,
  remote_address text,
  result text not null
);

create index audit_log_by_time on public.audit_log (at);

alter table public.jobs enable row level security;
alter table public.job_events enable row level security;
alter table public.job_stream enable row level security;
alter table public.job_workers enable row level security;
alter table public.audit_log enable row level security;

-- The subselect makes the tenants a constant of the statement instead of a call a row.
create policy jobs_of_own_tenants on public.jobs for select to authenticated
  using (tenant_id = any ((select public.caller_tenants())::text[]));
create policy job_events_of_own_tenants on public.job_events for select to authenticated
  using (tenant_id = any ((select public.caller_tenants())::text[]));
create policy job_stream_for_all on public.job_stream for select to authenticated using (true);

revoke all on public.jobs, public.job_events, public.job_stream, public.job_workers, public.audit_log
  from anon, authenticated;
grant select on public.jobs, public.job_events, public.job_stream to authenticated;
grant all on public.jobs, public.job_events, public.job_stream, public.job_workers, public.audit_log
  to service_role;

do $$
begin
  if exists (select from pg_publication where pubname = 'supabase_realtime') then
    alter publication supabase_realtime add table public.jobs;
  end if;
end
$$;
