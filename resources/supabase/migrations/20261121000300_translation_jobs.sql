-- Translation jobs as their clients know them: a row is inserted, a processor picks it up, status
-- and progress change in place. Runs on a hosted Supabase project as it is.
--
-- The work itself is a job like any other (public.jobs, queue 'translation', the same id), so that
-- both tables tell of one job. Triggers keep them alike; nobody writes the same fact twice.

-- The tenants of which the caller's token makes an admin.
create function public.caller_admin_tenants() returns text[]
language sql stable set search_path = ''
as $$
  select coalesce(array_agg(tenant ->> 'id'), '{}')
  from jsonb_array_elements(
    case jsonb_typeof(auth.jwt() #> '{app_metadata,tenants}')
      when 'array' then auth.jwt() #> '{app_metadata,tenants}'
      else '[]'
    end
  ) as tenant
  where tenant ->> 'role' = 'admin'
$$;

create table public.translation_jobs (
  id uuid primary key default gen_random_uuid(),
  tenant_id text not null check (length(tenant_id) between 1 and 128),
  name text check (length(name) between 1 and 128),
  document text not null check (length(document) between 1 and 128),
  source_language text not null check (source_language ~ '^[a-z]{2}$'),
  target_language text not null check (target_language ~ '^[a-z]{2}$'),
  status text not null default 'pending'
    check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
  progress double precision not null default 0 check (progress between 0 and 100),
  attempt integer not null default 1 check (attempt >= 1),
  message text,
  error jsonb,
  created_by uuid default auth.uid(),
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  completed_at timestamptz
) with (fillfactor = 60);

create index translation_jobs_by_tenant on public.translation_jobs (tenant_id, updated_at);

create index jobs_to_translate on public.jobs (created_at)
  where queue = 'translation' and status = 'queued';

create function public.translation_job_inserted() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.jobs (id, name, kind, tenant_id, queue, input, message, note)
  values (
    new.id::text, coalesce(new.name, new.document), 'Translation', new.tenant_id, 'translation',
    jsonb_build_object(
      'document', new.document,
      'source_language', new.source_language,
      'target_language', new.target_language
    ),
    'Waiting for a processor', '{"text": "Queued for translation"}'
  );
  return null;
end
$$;

create function public.translation_job_moved() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.translation_jobs set
    status = case new.status
      when 'queued' then 'pending'
      when 'running' then 'processing'
      when 'succeeded' then 'completed'
      else new.status
    end,
    progress = new.progress, attempt = new.attempt, message = new.message, error = new.error,
    started_at = new.started_at, updated_at = new.updated_at, completed_at = new.finished_at
  where id = new.id::uuid;
  return null;
end
$$;

create function public.translation_job_gone() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_table_name = 'jobs' then
    delete from public.translation_jobs where id = old.id::uuid;
  else
    delete from public.jobs where id = old.id::text;
  end if;
  return null;
end
$$;

create trigger translation_job_inserted after insert on public.translation_jobs
  for each row execute function public.translation_job_inserted();
create trigger translation_job_moved after update on public.jobs
  for each row when (
    new.queue = 'translation' and (new.attempt, new.seq) is distinct from (old.attempt, old.seq)
  )
  execute function public.translation_job_moved();
create trigger translation_job_gone after delete on public.translation_jobs
  for each row execute function public.translation_job_gone();
create trigger translation_job_gone after delete on public.jobs
  for each row when (old.queue = 'translation') execute function public.translation_job_gone();

alter table public.translation_jobs enable row level security;

create policy translation_jobs_of_own_tenants on public.translation_jobs
  for select to authenticated
  using (tenant_id = any ((select public.caller_tenants())::text[]));
create policy translation_jobs_by_admins on public.translation_jobs
  for insert to authenticated
  with check (tenant_id = any ((select public.caller_admin_tenants())::text[]));

revoke all on public.translation_jobs from anon, authenticated;
grant select on public.translation_jobs to authenticated;
-- What becomes of a job is not for its author to say.
grant insert (id, tenant_id, name, document, source_language, target_language)
  on public.translation_jobs to authenticated;
grant all on public.translation_jobs to service_role;
revoke execute on function public.translation_job_inserted(), public.translation_job_moved(),
  public.translation_job_gone() from public, anon, authenticated;

do $$
begin
  if exists (select from pg_publication where pubname = 'supabase_realtime') then
    alter publication supabase_realtime add table public.translation_jobs;
  end if;
end
$$;
