-- The schema auth, continued: codes and links that go out by mail, and where that mail goes.

alter table auth.users
  add column if not exists invited_at timestamptz,
  add column if not exists confirmation_sent_at timestamptz,
  add column if not exists recovery_sent_at timestamptz,
  add column if not exists email_change text not null default '',
  add column if not exists email_change_sent_at timestamptz,
  -- 1 when one of two addresses has confirmed the change.
  add column if not exists email_change_confirm_status smallint not null default 0,
  add column if not exists reauthentication_sent_at timestamptz;

create table if not exists auth.one_time_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  token_type text not null check (token_type in (
    'confirmation_token', 'recovery_token', 'reauthentication_token',
    'email_change_token_new', 'email_change_token_current', 'phone_change_token'
  )),
  -- SHA-224 of the address and the code that is typed.
  token_hash text not null,
  -- SHA-256 of the token in the link, which is longer than a code and cannot be guessed.
  link_hash text not null unique,
  -- The address that proves itself by it.
  relates_to text not null,
  wrong_tries smallint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  unique (user_id, token_type)
);
create index if not exists one_time_tokens_relates_to_idx on auth.one_time_tokens (relates_to);

-- Mail that goes nowhere: the backend shows it to whoever sits at the machine.
create table if not exists auth.outbox (
  id bigint generated always as identity primary key,
  sent_at timestamptz not null default clock_timestamp(),
  recipient text not null,
  kind text not null,
  subject text not null,
  body text not null,
  code text not null,
  link text
);

grant all on auth.one_time_tokens to supabase_auth_admin;
