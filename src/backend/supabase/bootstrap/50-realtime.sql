-- What Realtime listens to.

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;

-- A row is told whole, also what PostgreSQL computed for it.
do $$
begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter publication supabase_realtime set (publish_generated_columns = stored)';
  end if;
end
$$;

create schema if not exists realtime;

-- For each caller {role, claims, keys}: which of the keys are rows that row level security shows
-- it, as a list of their places. `probe` asks that for `$1`, a list of keys. Only for the server
-- itself: it runs as whoever the callers say.
create or replace function realtime.rows_visible(callers jsonb[], probe text) returns setof jsonb
language plpgsql as $$
declare
  caller jsonb;
  seen jsonb;
begin
  foreach caller in array callers loop
    perform set_config('role', caller ->> 'role', true),
      set_config('request.jwt.claims', caller ->> 'claims', true);
    execute probe into seen using caller -> 'keys';
    return next seen;
  end loop;
  perform set_config('role', 'none', true), set_config('request.jwt.claims', '', true);
end
$$;
revoke execute on function realtime.rows_visible(jsonb[], text) from public;
