//! What would keep a column from being dropped: views, foreign keys of other tables, generated columns, and so on.

use postgres::GenericClient;

use super::catalog::{ByTable, grouped};
use crate::engine::postgres::relation::{Dependent, DependentKind};

/// Each object that depends on a table, with the columns. Names go with their schema where the `search_path` does not
/// find them. What `miglab` itself has put there during a run does not count.
const DEPENDENTS: &str = "
with depends as (
    select d.refobjid as oid, d.classid, d.objid, d.refobjsubid as number
    from pg_catalog.pg_depend d
    where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = any($1)
), found as (
    select d.oid, case v.relkind when 'm' then 'materialized view' else 'view' end as kind,
           v.oid::regclass::text as name, d.number
    from depends d
    join pg_catalog.pg_rewrite r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
    join pg_catalog.pg_class v on v.oid = r.ev_class and v.relkind in ('v', 'm')
    union
    select c.confrelid, 'foreign key', c.conrelid::regclass::text || '.' || pg_catalog.quote_ident(c.conname), k.number
    from pg_catalog.pg_constraint c
    join lateral unnest(c.confkey) as k(number) on true
    where c.contype = 'f' and c.confrelid = any($1) and c.conrelid <> c.confrelid and c.conparentid = 0
    union
    select d.oid, 'generated column', pg_catalog.quote_ident(a.attname), d.number
    from depends d
    join pg_catalog.pg_attrdef e on d.classid = 'pg_catalog.pg_attrdef'::regclass and e.oid = d.objid
    join pg_catalog.pg_attribute a on a.attrelid = e.adrelid and a.attnum = e.adnum
    where a.attgenerated <> '' and e.adrelid = d.oid and e.adnum <> d.number and d.number > 0
    union
    select d.oid, 'policy', p.polrelid::regclass::text || '.' || pg_catalog.quote_ident(p.polname), d.number
    from depends d
    join pg_catalog.pg_policy p on d.classid = 'pg_catalog.pg_policy'::regclass and p.oid = d.objid
    where d.number > 0
    union
    select d.oid, 'trigger', t.tgrelid::regclass::text || '.' || pg_catalog.quote_ident(t.tgname), d.number
    from depends d
    join pg_catalog.pg_trigger t on d.classid = 'pg_catalog.pg_trigger'::regclass and t.oid = d.objid
    join pg_catalog.pg_proc f on f.oid = t.tgfoid
    join pg_catalog.pg_namespace n on n.oid = f.pronamespace
    where d.number > 0 and not t.tgisinternal and n.nspname <> 'miglab'
    union
    select d.oid, 'function', d.objid::regprocedure::text, d.number
    from depends d
    where d.classid = 'pg_catalog.pg_proc'::regclass and d.number > 0
    union
    select d.oid, 'publication', pg_catalog.quote_ident(p.pubname), d.number
    from depends d
    join pg_catalog.pg_publication_rel r on d.classid = 'pg_catalog.pg_publication_rel'::regclass and r.oid = d.objid
    join pg_catalog.pg_publication p on p.oid = r.prpubid
    where d.number > 0
)
select f.oid, f.kind, f.name,
       coalesce(array_agg(a.attname::text) filter (where a.attname is not null), '{}')
from found f
left join pg_catalog.pg_attribute a on a.attrelid = f.oid and a.attnum = f.number and f.number > 0
group by f.oid, f.kind, f.name";

/// What depends on these tables.
pub(super) fn dependents(client: &mut impl GenericClient, oids: &[u32]) -> Result<ByTable<Dependent>, postgres::Error> {
    // The query has these words and no others.
    let kind = |word: &str| DependentKind::of(word).unwrap_or(DependentKind::Function);
    grouped(client, DEPENDENTS, oids, |row| Dependent { kind: kind(row.get(1)), name: row.get(2), columns: row.get(3) })
}
