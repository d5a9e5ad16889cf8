//! What is read from a dump is what the server says.

use std::collections::BTreeMap;

use miglab::ast::Name;
use miglab::engine::postgres::Relation;
use miglab::engine::postgres::inspect::{self, dump};

use super::database::Database;

/// Tables without what a dump does not tell.
fn comparable(relations: &BTreeMap<Name, Relation>) -> BTreeMap<Name, Relation> {
    let stripped =
        |relation: &Relation| Relation { oid: 0, owner: String::new(), rows_estimate: 0, bytes: 0, ..relation.clone() };
    relations.iter().map(|(name, relation)| (name.clone(), stripped(relation))).collect()
}

/// Reads the dump of a database, and holds every table against what the server says.
fn same_from_both(sql: &str) {
    let mut database = Database::with(sql);
    let read = dump::read(&database.dump()).unwrap();
    let names: Vec<Name> = read.server.relations.keys().cloned().collect();
    assert!(!names.is_empty());
    let schemas: Vec<String> = read.server.relations.values().map(|table| table.schema.clone()).collect();
    // Tables of other schemas are found where their schemas are in the path.
    let others = schemas.iter().filter(|schema| *schema != "public").map(|schema| format!(", \"{schema}\""));
    let path = others.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<String>();
    let (_, elsewhere): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| read.server.relations[*name].schema == "public");
    let mut asked = inspect::inspect(&mut database.client, &names).unwrap();
    assert_eq!(read.server.schema, asked.schema);
    assert_eq!(read.server.version / 10_000, asked.version / 10_000);
    // A search path changes how types are printed: only where a table is not found otherwise.
    database.client.batch_execute(&format!("set search_path = public{path}")).unwrap();
    let there: Vec<Name> = elsewhere.into_iter().cloned().collect();
    let found = inspect::inspect(&mut database.client, &there).unwrap();
    asked.relations.extend(found.relations);
    let (from_dump, from_server) = (comparable(&read.server.relations), comparable(&asked.relations));
    for (name, relation) in &from_server {
        assert_eq!(&from_dump[name], relation, "{name}");
    }
    assert_eq!(from_dump.len(), from_server.len());
    assert_eq!(read.unread, []);
}

#[test]
fn a_dump_says_what_the_server_says() {
    same_from_both(include_str!("everything.sql"));
}

#[test]
fn what_a_dump_says_that_cannot_be_read_is_told() {
    let text = "create table public.t (a int, b int not null frobnicated);\n\nalter table public.t\n  frobnicate;\nalter table v owner to x;";
    let read = dump::read(text).unwrap();
    let told: Vec<_> =
        read.unread.iter().map(|unread| (unread.line, unread.table.as_str(), unread.what.as_str())).collect();
    assert_eq!(told, [(1, "t", "create table public . t ( a int"), (3, "t", "alter table public . t frobnicate")]);
    assert_eq!(read.server.relation("t").unwrap().columns.len(), 2);
}

#[test]
fn what_is_no_dump_is_refused() {
    for text in ["PGDMP\u{1}\u{e}", "", "select 1;", "create table", "create table ("] {
        assert!(dump::read(text).is_err(), "{text}");
    }
}

#[test]
fn broken_dumps_are_read_as_far_as_possible() {
    let whole = Database::with(include_str!("everything.sql")).dump();
    let ends = whole.char_indices().map(|(at, _)| at).step_by(37);
    for end in ends {
        let _ = dump::read(&whole[..end]);
        let _ = dump::read(&format!(
            "{}{}",
            &whole[..end],
            &whole[whole.ceil_char_boundary((end + 11).min(whole.len()))..]
        ));
    }
}
