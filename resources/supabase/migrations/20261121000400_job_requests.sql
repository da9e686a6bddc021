-- What was asked for under an Idempotency-Key, and the answer that it got: the same request again
-- gets the same answer for 24 hours and does nothing twice. A refused request leaves no line.
create table public.job_requests (
  user_id text not null check (length(user_id) between 1 and 128),
  key text not null check (length(key) between 1 and 255),
  -- A digest of method, path and body: the same key must mean the same request.
  fingerprint text not null,
  -- Null only inside the transaction that does what was asked for.
  status integer,
  answer jsonb,
  created_at timestamptz not null default clock_timestamp(),
  primary key (user_id, key)
);

create index job_requests_by_time on public.job_requests (created_at);

alter table public.job_requests enable row level security;
revoke all on public.job_requests from anon, authenticated;
grant all on public.job_requests to service_role;
