//! Tables with their columns, constraints, indexes and partitions, from `pg_catalog`.

use std::collections::{BTreeMap, HashMap};

use postgres::{GenericClient, Row};

use crate::ast::Name;
use crate::engine::postgres::Relation;
use crate::engine::postgres::default_mark::unmarked;
use crate::engine::postgres::relation::{RelationColumn, RelationConstraint, RelationConstraintKind, RelationIndex};

/// Things by the `oid` of the table that they belong to.
pub(super) type ByTable<T> = HashMap<u32, Vec<T>>;

const TABLES: &str = "
select t.name, c.oid, n.nspname::text, c.relname::text, pg_catalog.pg_get_userbyid(c.relowner)::text,
       c.relkind = 'p', c.relrowsecurity, c.relforcerowsecurity,
       case c.relkind
           when 'p' then (select coalesce(nullif(sum(greatest(l.reltuples, 0)), 0), -1)::int8
                          from pg_catalog.pg_partition_tree(c.oid) p
                          join pg_catalog.pg_class l on l.oid = p.relid and p.isleaf)
           else c.reltuples::int8 end,
       case c.relkind
           when 'p' then (select coalesce(sum(pg_catalog.pg_total_relation_size(p.relid)), 0)::int8
                          from pg_catalog.pg_partition_tree(c.oid) p where p.isleaf)
           else coalesce(pg_catalog.pg_total_relation_size(c.oid), 0) end,
       array(select a.attname::text
             from pg_catalog.pg_partitioned_table k
             join lateral unnest(k.partattrs::int2[]) with ordinality as u(number, place) on true
             join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = u.number
             where k.partrelid = c.oid order by u.place)
from unnest($1::text[]) as t(name)
join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident(t.name))
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')";

/// The tables of these names.
pub(super) fn tables(
    client: &mut impl GenericClient,
    names: &[Name],
) -> Result<BTreeMap<Name, Relation>, postgres::Error> {
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let rows = client.query(TABLES, &[&names])?;
    Ok(rows.iter().map(|row| (row.get::<_, String>(0).into(), relation(row))).collect())
}

fn relation(row: &Row) -> Relation {
    Relation {
        oid: row.get(1),
        schema: row.get(2),
        name: row.get(3),
        owner: row.get(4),
        partitions: row.get::<_, bool>(5).then(Vec::new),
        row_security: row.get(6),
        forces_row_security: row.get(7),
        rows_estimate: row.get(8),
        bytes: row.get(9),
        partition_key: row.get(10),
        ..Relation::default()
    }
}

const COLUMNS: &str = "
select a.attrelid, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '', a.attidentity = 'a', a.attidentity <> ''
from pg_catalog.pg_attribute a
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = any($1) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum";

/// The columns of these tables, in order.
pub(super) fn columns(
    client: &mut impl GenericClient,
    oids: &[u32],
) -> Result<ByTable<RelationColumn>, postgres::Error> {
    grouped(client, COLUMNS, oids, |row| RelationColumn {
        name: row.get(1),
        ty: row.get(2),
        not_null: row.get(3),
        default: row.get::<_, Option<String>>(4).and_then(unmarked),
        generated: row.get(5),
        identity_always: row.get(6),
        identity: row.get(7),
    })
}

const CONSTRAINTS: &str = "
select c.conrelid, c.conname::text, c.contype::text, c.convalidated, pg_catalog.pg_get_constraintdef(c.oid),
       array(select a.attname::text from unnest(c.conkey) with ordinality as k(number, place)
             join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number order by k.place),
       coalesce(pg_catalog.pg_get_expr(c.conbin, c.conrelid), ''),
       coalesce(n.nspname::text, ''), coalesce(f.relname::text, ''),
       array(select a.attname::text from unnest(c.confkey) with ordinality as k(number, place)
             join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.number order by k.place)
from pg_catalog.pg_constraint c
left join pg_catalog.pg_class f on f.oid = c.confrelid
left join pg_catalog.pg_namespace n on n.oid = f.relnamespace
where c.conrelid = any($1) and c.contype in ('p', 'u', 'c', 'f', 'x')";

/// The constraints of these tables; `not null` is told with the columns.
pub(super) fn constraints(
    client: &mut impl GenericClient,
    oids: &[u32],
) -> Result<ByTable<RelationConstraint>, postgres::Error> {
    grouped(client, CONSTRAINTS, oids, |row| RelationConstraint {
        name: row.get(1),
        kind: constraint_kind(row),
        validated: row.get(3),
        definition: row.get(4),
        columns: row.get(5),
    })
}

fn constraint_kind(row: &Row) -> RelationConstraintKind {
    match row.get::<_, &str>(2) {
        "p" => RelationConstraintKind::PrimaryKey,
        "u" => RelationConstraintKind::Unique,
        "c" => RelationConstraintKind::Check(row.get(6)),
        "f" => RelationConstraintKind::ForeignKey { schema: row.get(7), table: row.get(8), columns: row.get(9) },
        _ => RelationConstraintKind::Other,
    }
}

const INDEXES: &str = "
select i.indrelid, c.relname::text, n.nspname::text, pg_catalog.pg_get_indexdef(i.indexrelid),
       array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality as k(number, place)
             left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number and k.number <> 0
             where k.place <= i.indnkeyatts order by k.place),
       array(select distinct a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = i.indrelid and a.attnum <> all ((i.indkey::int2[])[0:i.indnkeyatts - 1])
             and (a.attnum = any (i.indkey::int2[])
                  or exists (select from pg_catalog.pg_depend d
                             where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = i.indexrelid
                             and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = i.indrelid
                             and d.refobjsubid = a.attnum))),
       pg_catalog.pg_get_expr(i.indpred, i.indrelid), i.indisunique, i.indisvalid,
       (select o.conname::text from pg_catalog.pg_constraint o
        where o.conindid = i.indexrelid and o.conrelid = i.indrelid and o.contype in ('p', 'u', 'x'))
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where i.indrelid = any($1)";

/// The indexes of these tables.
pub(super) fn indexes(
    client: &mut impl GenericClient,
    oids: &[u32],
) -> Result<ByTable<RelationIndex>, postgres::Error> {
    grouped(client, INDEXES, oids, |row| RelationIndex {
        name: row.get(1),
        schema: row.get(2),
        definition: row.get(3),
        columns: row.get(4),
        also_reads: row.get(5),
        filter: row.get(6),
        unique: row.get(7),
        valid: row.get(8),
        constraint: row.get(9),
    })
}

const PARTITIONS: &str = "
select t.oid, pg_catalog.format('\"%s\".\"%s\"', replace(n.nspname, '\"', '\"\"'), replace(c.relname, '\"', '\"\"'))
from unnest($1::oid[]) as t(oid)
join pg_catalog.pg_class parent on parent.oid = t.oid and parent.relkind = 'p'
join lateral pg_catalog.pg_partition_tree(t.oid) p on p.isleaf
join pg_catalog.pg_class c on c.oid = p.relid and c.relkind <> 'p'
join pg_catalog.pg_namespace n on n.oid = c.relnamespace";

/// The partitions of these tables that hold rows, quoted and with their schemas.
pub(super) fn partitions(client: &mut impl GenericClient, oids: &[u32]) -> Result<ByTable<String>, postgres::Error> {
    grouped(client, PARTITIONS, oids, |row| row.get(1))
}

/// The rows of a query by their first column, the `oid` of a table.
pub(super) fn grouped<T>(
    client: &mut impl GenericClient,
    query: &str,
    oids: &[u32],
    read: impl Fn(&Row) -> T,
) -> Result<ByTable<T>, postgres::Error> {
    let mut found = ByTable::new();
    for row in client.query(query, &[&oids])? {
        found.entry(row.get(0)).or_default().push(read(&row));
    }
    Ok(found)
}
