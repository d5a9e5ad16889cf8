//! The tables that work locks, as the server knows them.

use postgres::GenericClient;

use crate::engine::postgres::operation::{Lock, LockMode};
use crate::phrase::joined;

/// A table, and the lock that it gets.
pub(super) struct Locked {
    pub(super) oid: u32,
    /// Quoted, and with its schema.
    pub(super) relation: String,
    /// As people write it.
    pub(super) shown: String,
    pub(super) mode: LockMode,
    /// Whether the role may lock it by itself, before the statements that need the lock.
    pub(super) lockable: bool,
}

const TABLES: &str = "select wanted.place, c.oid, c.oid::regclass::text,
         c.relkind in ('r', 'p')
             and (pg_has_role(c.relowner, 'usage') or has_table_privilege(c.oid, 'update, delete, truncate'))
     from unnest($1::text[]) with ordinality as wanted(name, place)
     join pg_catalog.pg_class c on c.oid = to_regclass(wanted.name)";

/// Those of the tables that are there, the weakest lock first, so that the strongest is held for the shortest time.
pub(super) fn existing(client: &mut impl GenericClient, locks: &[Lock]) -> Result<Vec<Locked>, postgres::Error> {
    if locks.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = locks.iter().map(|lock| lock.relation.as_str()).collect();
    let mut found = Vec::new();
    for row in client.query(TABLES, &[&names])? {
        let place: i64 = row.try_get(0)?;
        let lock = usize::try_from(place - 1).ok().and_then(|place| locks.get(place));
        let Some(Lock { relation, mode }) = lock else { continue };
        let shown: String = row.try_get(2)?;
        found.push(Locked {
            oid: row.try_get(1)?,
            relation: relation.clone(),
            shown: shown.replace('"', ""),
            mode: *mode,
            lockable: row.try_get(3)?,
        });
    }
    found.sort_by_key(|table| table.mode);
    Ok(found)
}

/// The statements that take the locks, as far as the role may.
pub(super) fn lock_statements(tables: &[Locked]) -> String {
    let statement = |table: &Locked| format!("lock table {} in {} mode;\n", table.relation, table.mode.name());
    tables.iter().filter(|table| table.lockable).map(statement).collect()
}

/// "table `users`", "tables `users` and `orders`".
pub(super) fn in_words(tables: &[Locked]) -> String {
    let names: Vec<String> = tables.iter().map(|table| format!("`{}`", table.shown)).collect();
    match names.as_slice() {
        [] => "what it changes".into(),
        [only] => format!("table {only}"),
        names => format!("tables {}", joined(names)),
    }
}
