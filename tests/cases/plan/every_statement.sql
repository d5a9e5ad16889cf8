-- Every statement
-- from every_statement.mig; run it with `psql -f` in a terminal: it stops where a person is needed
\set ON_ERROR_STOP on
set client_min_messages = warning;
set timezone = 'UTC';
set statement_timeout = 0;
create schema if not exists miglab;

-- 1. expand Add column 'birth_year' (integer) to people
-- add the column
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" add column "birth_year" integer$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 2. expand Add column 'grade' (varchar(3)) to people
-- add the column
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" add column "grade" varchar(3) default 'C'::varchar not null$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 3. expand Add table 'addresses' (2 columns)
-- create the table
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$create table "addresses" (
    "person_id" integer not null,
    "street" text not null,
    constraint "addresses_person_id_fkey" foreign key ("person_id") references "people" ("id"),
    constraint "addresses_pkey" primary key ("person_id")
)$$;
            execute $$create index "addresses_street_idx" on "addresses" ("street")$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 4. expand Add index 'people_born_idx' on people (born)
-- build the index concurrently
create index concurrently "people_born_idx" on "people" ("born") where (not ("born" is null));

-- 5. expand Add check 'people_born_check' on people
-- add the check for new writes
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" add constraint "people_born_check" check (("born" > '1800-01-01'::date)) not valid$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 6. expand Add not null on 'city' of people
-- add a check for new writes
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" add constraint "people_city_not_null" check ("city" is not null) not valid$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 7. expand Add unique constraint 'people_name_city_key' on people (name, city)
-- build the unique index concurrently
create unique index concurrently "people_name_city_key" on "people" ("name", "city");
-- make the index a constraint
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" add constraint "people_name_city_key" unique using index "people_name_city_key"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 8. expand Add foreign key 'people_city_id_fkey' on people (city_id)
-- add the foreign key for new writes
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" add constraint "people_city_id_fkey" foreign key ("city_id") references "cities" ("id") not valid$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 9. expand Drop not null on 'name' of people
-- drop not null
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" alter column "name" drop not null$$;
            execute $$alter table "people" drop constraint if exists "people_name_not_null"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 10. expand Set default of 'city' of people
-- set the default
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" alter column "city" set default 'Berlin'::text$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 11. expand Drop check 'people_name_check' on people
-- drop the check
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" drop constraint "people_name_check"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 12. expand Sync 'birth_year' from born
-- install the triggers
do $miglab1$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $miglab0$create or replace function "miglab"."sync_near_people"() returns trigger language plpgsql set timezone to 'UTC' set datestyle to 'ISO, MDY' set intervalstyle to 'postgres' set extra_float_digits to 1 set bytea_output to 'hex' as $$
-- made by miglab. Columns: 3 born, 9 birth_year. Of a column: x changed, d left to its default, w written by an application, s not to be set (again).
-- Of a sync: t a fact of its target is touched, r it is about to fire, f it has fired.
declare
    event text := coalesce(current_setting('miglab.event', true), '');
    x3 boolean;
    x9 boolean;
    w3 boolean;
    w9 boolean;
    s3 boolean;
    s9 boolean;
    t1 boolean;
    f1 boolean := false;
    r1 boolean;
begin
    if tg_op = 'INSERT' then
        x3 := (new."born" is not null);
        x9 := (new."birth_year" is not null);
    else
        x3 := row(old."born")::record *<> row(new."born")::record;
        x9 := row(old."birth_year")::record *<> row(new."birth_year")::record;
    end if;
    if event = '' then
        w3 := x3;
        s3 := w3;
        w9 := x9;
        s9 := w9;
        t1 := w3 or w9;
    else
        w3 := false;
        s3 := position(',s3,' in event) > 0;
        w9 := false;
        s9 := position(',s9,' in event) > 0;
        t1 := position(',w3,' in event) > 0 or position(',w9,' in event) > 0;
    end if;
    loop
        r1 := t1 and not f1 and not s9 and (x3);
        if r1 then
            new."birth_year" := extract('year' from new."born")::numeric::integer;
            x9 := true;
            s9 := true;
            f1 := true;
        else
            exit;
        end if;
    end loop;
    return new;
end
$$$miglab0$;
            execute $$create or replace trigger "zzz_miglab_2_insert" before insert on "people" for each row when (current_setting('miglab.backfill', true) is distinct from 'on') execute function "miglab"."sync_near_people"()$$;
            execute $$create or replace trigger "zzz_miglab_2_update" before update on "people" for each row when ((row(old."born")::record *<> row(new."born")::record or row(old."birth_year")::record *<> row(new."birth_year")::record) and current_setting('miglab.backfill', true) is distinct from 'on') execute function "miglab"."sync_near_people"()$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab1$;

-- 13. migrate Backfill 'birth_year' of people from born
-- fill the column, range by range
do $$
declare
    miglab_after_1 integer;
    miglab_last_1 integer;
begin
    loop
        select r."id" into miglab_last_1 from "people" as r where (miglab_after_1 is null or (r."id") > (miglab_after_1))
            order by r."id" offset 499 limit 1;
        perform set_config('miglab.backfill', 'on', true);
        update "people" as r set "birth_year" = extract('year' from r."born")::numeric::integer where (miglab_after_1 is null or (r."id") > (miglab_after_1)) and (miglab_last_1 is null or (r."id") <= (miglab_last_1)) and r."birth_year" is distinct from extract('year' from r."born")::numeric::integer and (not (r."born" is null));
        commit;
        exit when miglab_last_1 is null;
        miglab_after_1 := miglab_last_1;
        perform pg_sleep(10 / 1000.0);
    end loop;
end
$$;

-- 14. migrate Seed 'city' of people from a constant
-- create a table for the values that are replaced, and triggers that forget those of rows written since
do $miglab1$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$create table "miglab"."before_0_14" (k1 integer not null, old text, primary key (k1))$$;
            execute $miglab0$create or replace function "miglab"."touched_0_14"() returns trigger language plpgsql security definer set search_path from current as $$
begin
    if tg_op = 'TRUNCATE' then
        delete from "miglab"."before_0_14";
        return null;
    end if;
    if tg_nargs > 0 and not exists (select from "miglab"."before_0_14" as s where new."id" = s.k1) then
        update "miglab"."before_0_14" as s set k1 = new."id" where old."id" = s.k1;
        return null;
    end if;
    delete from "miglab"."before_0_14" as s where old."id" = s.k1;
    return null;
end
$$$miglab0$;
            execute $$create trigger "zzz_miglab_4_0_14_1_given" after update of "city" on "people" for each row when (current_setting('miglab.backfill', true) is distinct from 'on') execute function "miglab"."touched_0_14"()$$;
            execute $$create trigger "zzz_miglab_4_0_14_2_changed" after update on "people" for each row when (current_setting('miglab.backfill', true) is distinct from 'on' and (old."city" is distinct from new."city")) execute function "miglab"."touched_0_14"()$$;
            execute $$create trigger "zzz_miglab_4_0_14_3_moved" after update on "people" for each row when (current_setting('miglab.backfill', true) is distinct from 'on' and (old."id" is distinct from new."id")) execute function "miglab"."touched_0_14"('moved')$$;
            execute $$create trigger "zzz_miglab_4_0_14_4_deleted" after delete on "people" for each row execute function "miglab"."touched_0_14"()$$;
            execute $$create trigger "zzz_miglab_4_0_14_5_emptied" after truncate on "people" for each statement execute function "miglab"."touched_0_14"()$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab1$;
-- fill the column where it is null, range by range
do $$
declare
    miglab_after_1 integer;
    miglab_last_1 integer;
begin
    loop
        select r."id" into miglab_last_1 from "people" as r where (miglab_after_1 is null or (r."id") > (miglab_after_1))
            order by r."id" offset 999 limit 1;
        perform set_config('miglab.backfill', 'on', true);
        with old as materialized (select r."id" as k1, r."city" as old from "people" as r where (miglab_after_1 is null or (r."id") > (miglab_after_1)) and (miglab_last_1 is null or (r."id") <= (miglab_last_1)) and r."city" is null and 'Berlin'::text is not null for no key update of r), changed as (update "people" as r set "city" = 'Berlin'::text from old where r."id" = old.k1 returning r."id" as k1, old.old as old) insert into "miglab"."before_0_14" (k1, old) select k1, old from changed on conflict do nothing;
        commit;
        exit when miglab_last_1 is null;
        miglab_after_1 := miglab_last_1;
    end loop;
end
$$;

-- 15. migrate Copy 'people' to 'addresses'
-- copy the rows, range by range
do $$
declare
    miglab_after_1 integer;
    miglab_last_1 integer;
begin
    loop
        select r."id" into miglab_last_1 from "people" as r where (miglab_after_1 is null or (r."id") > (miglab_after_1))
            order by r."id" offset 999 limit 1;
        perform set_config('miglab.backfill', 'on', true);
        insert into "addresses" as t ("person_id", "street") select r."id", coalesce(r."city", '?'::text) from (select r.* from "people" as r where (miglab_after_1 is null or (r."id") > (miglab_after_1)) and (miglab_last_1 is null or (r."id") <= (miglab_last_1)) for share of r) as r on conflict ("person_id") do update set "street" = coalesce(t."street", excluded."street") where t."street" is null and excluded."street" is not null;
        commit;
        exit when miglab_last_1 is null;
        miglab_after_1 := miglab_last_1;
    end loop;
end
$$;

-- 16. migrate Validate 'people_born_check' on people
-- check every row against it
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" validate constraint "people_born_check"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 17. migrate Validate not null on 'city' of people
-- check every row against it
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" validate constraint "people_city_not_null"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 18. migrate Validate 'people_city_id_fkey' on people
-- check every row against it
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" validate constraint "people_city_id_fkey"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 19. migrate Verify 'people' (birth_year)
-- check every row
do $miglab0$
declare
    found text;
begin
    execute $$select 'id' || ' = ' || r."id"::text from "people" as r where (((r."birth_year" is null) or (r."birth_year" > '1800'::integer))) is not true limit 1$$ into found;
    if found is not null then
        raise exception '% %', 'not every row of `people` passes `verify`:', found;
    end if;
end
$miglab0$;

-- 20. gate Deploy 'v2'
\echo 'deploy `v2` everywhere now'
\prompt 'Press Enter when that is done: ' miglab_answer

-- 21. gate Wait 10 min
\echo 'wait 10 min'
\prompt 'Press Enter when that is done: ' miglab_answer

-- 22. gate Confirm "the dashboards are green"
\echo 'the dashboards are green'
\prompt 'Press Enter when that is done: ' miglab_answer

-- 23. gate Retire 'v1'
\echo 'take `v1` out of service everywhere now'
\prompt 'Press Enter when that is done: ' miglab_answer

-- 24. contract Set not null on 'city' of people
-- set not null, which the check has proved
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" alter column "city" set not null$$;
            execute $$alter table "people" drop constraint if exists "people_city_not_null"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 25. contract Drop sync of 'birth_year'
-- remove the triggers
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$drop trigger if exists "zzz_miglab_2_insert" on "people"$$;
            execute $$drop trigger if exists "zzz_miglab_2_update" on "people"$$;
            execute $$drop function if exists "miglab"."sync_near_people"()$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 26. contract Drop column 'born' of people
-- remove the column and its syncs; its values are kept until they are purged
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$drop index "people_born_idx"$$;
            execute $$alter table "people" drop constraint "people_born_check"$$;
            execute $$alter table "people" rename column "born" to "miglab_dropped_0_born"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 27. contract Drop column 'old_note' of people
-- remove the column and its syncs; its values are kept until they are purged
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" rename column "old_note" to "miglab_dropped_0_old_note"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 28. contract Drop index 'people_city_idx' on people
-- drop the index concurrently
drop index concurrently if exists "people_city_idx";

-- 29. contract Drop default of 'city' of people
-- drop the default
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" alter column "city" drop default$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 30. contract Drop unique constraint 'people_name_city_key' on people
-- drop the unique constraint
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" drop constraint "people_name_city_key"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 31. contract Drop foreign key 'people_city_id_fkey' on people
-- drop the foreign key
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "people" drop constraint "people_city_id_fkey"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- 32. contract Drop table 'addresses'
-- remove the table and its syncs; its rows are kept until they are purged
do $miglab0$
begin
    for attempt in 1 .. 12000 loop
        begin
            perform set_config('lock_timeout', '3ms', true);
            execute $$alter table "addresses" drop constraint "addresses_person_id_fkey"$$;
            execute $$alter table "addresses" rename to "dropped_0_addresses"$$;
            execute $$alter table "public"."dropped_0_addresses" set schema "miglab"$$;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.025 + random() * 0.05);
        end;
    end loop;
    raise exception 'could not get a lock within ten minutes';
end
$miglab0$;

-- Once nothing has to be rolled back any more, this removes what was kept for it:
-- drop trigger if exists "zzz_miglab_4_0_14_1_given" on "people";
-- drop trigger if exists "zzz_miglab_4_0_14_2_changed" on "people";
-- drop trigger if exists "zzz_miglab_4_0_14_3_moved" on "people";
-- drop trigger if exists "zzz_miglab_4_0_14_4_deleted" on "people";
-- drop trigger if exists "zzz_miglab_4_0_14_5_emptied" on "people";
-- drop function if exists "miglab"."touched_0_14"();
-- drop table if exists "miglab"."before_0_14";
-- alter table "people" drop column if exists "miglab_dropped_0_born";
-- alter table "people" drop column if exists "miglab_dropped_0_old_note";
-- drop table if exists "miglab"."dropped_0_addresses";
