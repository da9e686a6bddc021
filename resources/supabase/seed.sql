-- Demo operators for `supabase start` and `supabase db reset` on a developer's machine; the
-- embedded Supabase of `npm start` makes the same ones by itself. May be run again: whoever is
-- there keeps their password. Passwords are drawn here and told once, as notices; none is constant.

do $$
declare
  person record;
  person_id uuid;
  password text;
  facts jsonb;
  blank text;
begin
  for person in
    select * from (values
      ('alice@acme.test', 'Alice', 'acme-freight', 'Acme Freight'),
      ('amir@acme.test', 'Amir', 'acme-freight', 'Acme Freight'),
      ('bea@borealis.test', 'Bea', 'borealis-health', 'Borealis Health')
    ) as people (email, name, tenant_id, tenant_name)
  loop
    if exists (select from auth.users where email = person.email) then
      continue;
    end if;
    password := encode(extensions.gen_random_bytes(12), 'base64');
    person_id := gen_random_uuid();
    facts := jsonb_build_object(
      'sub', person_id, 'email', person.email, 'name', person.name,
      'email_verified', true, 'phone_verified', false
    );
    insert into auth.users (
      instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
      raw_app_meta_data, raw_user_meta_data, created_at, updated_at
    ) values (
      '00000000-0000-0000-0000-000000000000', person_id, 'authenticated', 'authenticated',
      person.email, extensions.crypt(password, extensions.gen_salt('bf')), now(),
      jsonb_build_object(
        'provider', 'email', 'providers', jsonb_build_array('email'),
        'tenant_id', person.tenant_id,
        'tenants', jsonb_build_array(jsonb_build_object(
          'id', person.tenant_id, 'name', person.tenant_name, 'role', 'admin'
        ))
      ),
      facts, now(), now()
    );
    -- GoTrue reads these as texts and fails at a null.
    for blank in
      select column_name from information_schema.columns
      where table_schema = 'auth' and table_name = 'users' and column_name in (
        'confirmation_token', 'recovery_token', 'email_change', 'email_change_token_new'
      )
    loop
      execute format('update auth.users set %I = coalesce(%I, '''') where id = $1', blank, blank)
      using person_id;
    end loop;
    insert into auth.identities (
      provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at
    ) values (person_id::text, person_id, facts, 'email', now(), now(), now());
    raise notice 'demo operator % has the password %', person.email, password;
  end loop;
end
$$;

-- Something to see and something to do.
insert into public.translation_jobs
  (id, tenant_id, name, document, source_language, target_language)
values
  ('5eed0000-0000-4000-8000-000000000001', 'acme-freight', 'Delivery notes', 'delivery-notes-de.csv', 'de', 'en'),
  ('5eed0000-0000-4000-8000-000000000002', 'borealis-health', 'Patient letters', 'patient-letters-en.csv', 'en', 'fr')
on conflict (id) do nothing;
