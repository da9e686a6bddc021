-- Sessions of a backend of one's own, bridged from Supabase sessions: what a browser holds of them
-- is a cookie, what stands here is its digest. Runs on a hosted project, also on one that has the
-- two tables already, made without the columns below.

create table if not exists public.user_sessions (
  id text primary key,
  user_id text not null,
  user_agent text,
  ip_address text,
  created_at timestamptz default now(),
  last_seen_at timestamptz default now(),
  revoked_at timestamptz
);

alter table public.user_sessions
  -- The Supabase session that it stands for, and must not outlive.
  add column if not exists supabase_session_id text,
  -- Whether the end of that one can be asked for here; if not, the token's expiry bounds this one.
  add column if not exists supabase_session_known boolean not null default false,
  add column if not exists token_hash text,
  -- The end of the cookie; refreshing moves it on, but never beyond ends_at.
  add column if not exists expires_at timestamptz,
  add column if not exists ends_at timestamptz,
  add column if not exists revoked_because text,
  -- E-mail and tenants, as verified.
  add column if not exists claims jsonb;

create table if not exists public.refresh_tokens (
  id text primary key,
  session_id text not null,
  user_id text not null,
  token_hash text not null,
  created_at timestamptz default now()
);

alter table public.refresh_tokens
  add column if not exists expires_at timestamptz,
  add column if not exists rotated_at timestamptz,
  add column if not exists parent_id text,
  -- With the token itself it makes the next one; gone as soon as that one was used.
  add column if not exists next_salt text,
  drop constraint if exists refresh_tokens_session_id_fkey,
  add constraint refresh_tokens_session_id_fkey
    foreign key (session_id) references public.user_sessions (id) on delete cascade;

create index if not exists idx_user_sessions_user_id on public.user_sessions (user_id);
create index if not exists idx_user_sessions_created_at on public.user_sessions (created_at);
create index if not exists idx_refresh_tokens_token_hash on public.refresh_tokens (token_hash);
create unique index if not exists user_sessions_by_token on public.user_sessions (token_hash);
create index if not exists user_sessions_by_supabase_session
  on public.user_sessions (supabase_session_id) where revoked_at is null;
create index if not exists refresh_tokens_by_session on public.refresh_tokens (session_id);

-- Whoever ends a session, its sockets hear of it.
create or replace function public.tell_user_session_ended() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform pg_notify('user_session_ended', old.id);
  return null;
end
$$;
create or replace trigger user_session_revoked after update on public.user_sessions
  for each row when (old.revoked_at is null and new.revoked_at is not null)
  execute function public.tell_user_session_ended();
create or replace trigger user_session_deleted after delete on public.user_sessions
  for each row when (old.revoked_at is null)
  execute function public.tell_user_session_ended();

alter table public.user_sessions enable row level security;
alter table public.refresh_tokens enable row level security;

drop policy if exists "Service role full access on user_sessions" on public.user_sessions;
create policy "Service role full access on user_sessions" on public.user_sessions
  for all to service_role using (true) with check (true);
drop policy if exists "Service role full access on refresh_tokens" on public.refresh_tokens;
create policy "Service role full access on refresh_tokens" on public.refresh_tokens
  for all to service_role using (true) with check (true);
drop policy if exists "Users can view own sessions" on public.user_sessions;
create policy "Users can view own sessions" on public.user_sessions
  for select to authenticated using (user_id = (select auth.uid())::text);
drop policy if exists "Users can view own refresh tokens" on public.refresh_tokens;
create policy "Users can view own refresh tokens" on public.refresh_tokens
  for select to authenticated using (user_id = (select auth.uid())::text);

revoke all on public.user_sessions, public.refresh_tokens from anon, authenticated;
-- No digest and no salt: who looks at their own sessions has no use for them.
grant select (id, user_id, user_agent, ip_address, created_at, last_seen_at, revoked_at, expires_at,
  ends_at, revoked_because) on public.user_sessions to authenticated;
grant select (id, session_id, user_id, created_at, expires_at, rotated_at)
  on public.refresh_tokens to authenticated;
grant all on public.user_sessions, public.refresh_tokens to service_role;
