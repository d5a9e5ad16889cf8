//! Random plans about two tables: a table split, rows copied, foreign keys.

use std::fmt::Write as _;

use super::drafts::{Draft, filled};
use super::pools;
use crate::common::random::Random;

/// A column as a table declares it.
fn column(random: &mut Random, name: &str, ty: &str) -> String {
    let mut line = format!("{name} {ty}");
    if random.chance(40) {
        line.push_str(" not null");
    }
    if random.chance(25) {
        write!(line, " default {}", pools::literal(random, ty)).unwrap();
    }
    if random.chance(10) {
        write!(line, " check ({})", filled(*random.pick(pools::checks(ty)), name)).unwrap();
    }
    line
}

fn whole(statements: Vec<String>) -> Draft {
    Draft { whole: true, columns: Vec::new(), apps: Vec::new(), statements }
}

/// What a version says of the rows of tables, beside its columns.
fn rows_of(random: &mut Random) -> &'static str {
    *random.pick(&["", "", "", "  deletes none", "  inserts none", "  inserts none deletes none", "  updates none"])
}

/// A random plan about two tables.
pub fn pair(random: &mut Random) -> Draft {
    match random.below(8) {
        0..4 => split(random),
        4 | 5 => foreign_key(random),
        6 => reference(random),
        _ => moved(random),
    }
}

fn columns_of(columns: &[String]) -> String {
    columns.iter().flat_map(|column| [", ", column]).collect()
}

/// Some columns go into a table of their own.
fn split(random: &mut Random) -> Draft {
    let names: &[&str] = if random.chance(40) { &["a", "b"] } else { &["a"] };
    let (mut old, mut new, mut syncs, mut copied) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for name in names {
        let from = *random.pick(pools::TYPES);
        let to = if random.chance(70) { from } else { *random.pick(pools::TYPES) };
        let (to, value) = match pools::expressions(from, to) {
            [] => (from, (*name).to_owned()),
            _ if from == to && random.chance(70) => (to, (*name).to_owned()),
            some => (to, filled(*random.pick(some), name)),
        };
        let declared = column(random, name, from);
        let same = if from == to && random.chance(60) { declared.clone() } else { column(random, name, to) };
        old.push(declared);
        new.push(same);
        let qualified = pools::qualified(&value, name, "t");
        match random.below(8) {
            0..5 if value == **name => syncs.push(format!("expand sync u.{name} <-> t.{name}")),
            0..6 => {
                syncs.push(format!("expand sync u.{name} from {qualified}"));
                if let Some(back) = pools::expressions(to, from).first().filter(|_| random.chance(70)) {
                    let back = pools::qualified(&filled(back, name), name, "u");
                    syncs.push(format!("expand sync t.{name} from {back}"));
                }
            }
            6 => syncs.push(format!("expand sync t.{name} from u.{name}")),
            _ => {}
        }
        copied.push(format!("{name} from {value}"));
    }
    let own = if random.chance(30) { column(random, "z", "text") } else { String::new() };
    let mut statements = vec![format!("table t {{ id integer primary key{}, c text }}", columns_of(&old))];
    let list = |table: &str| names.iter().map(|name| format!("{table}.{name}")).collect::<Vec<_>>().join(", ");
    statements.push(format!("app v1 {{ uses t.id, t.c, {}{} }}", list("t"), rows_of(random)));
    let keys = if random.chance(50) { "t.id, t.c, u.t_id, " } else { "" };
    let rows = rows_of(random);
    let uses = if random.chance(15) { "reads" } else { "uses" };
    statements.push(format!("app v2 {{ {uses} {keys}{}{rows} }}", list("u")));
    let own = if own.is_empty() { own } else { format!(", {own}") };
    statements
        .push(format!("expand add table u {{ t_id integer primary key references t (id){}{own} }}", columns_of(&new)));
    statements.extend(syncs);
    let filter = if random.chance(15) { " where a is not null" } else { "" };
    statements.push(format!("migrate copy t to u (t_id from id, {}){filter}", copied.join(", ")));
    statements.push("deploy v2".into());
    if random.chance(75) {
        statements.push("retire v1".into());
        if random.chance(70) {
            statements.extend(names.iter().map(|name| format!("contract drop column t.{name}")));
        }
    }
    shuffle(random, &mut statements, 3);
    whole(statements)
}

/// Sometimes two statements are in another order, or one is missing; the first few lines stay.
fn shuffle(random: &mut Random, statements: &mut Vec<String>, from: usize) {
    if !random.chance(30) || statements.len() < from + 2 {
        return;
    }
    let one = from + random.below(statements.len() - from);
    let other = from + random.below(statements.len() - from);
    if random.chance(40) {
        statements.remove(one);
    } else {
        statements.swap(one, other);
    }
}

/// A foreign key between two tables that are there.
fn foreign_key(random: &mut Random) -> Draft {
    let mut refers = "t_id integer".to_owned();
    if random.chance(40) {
        refers.push_str(" not null");
    }
    if random.chance(30) {
        refers.push_str(" default 1");
    }
    if random.chance(20) {
        refers.push_str(" references t (id)");
    }
    let ty = *random.pick(pools::TYPES);
    let a = column(random, "a", ty);
    let mut statements = vec![
        format!("table t {{ id integer primary key, {a} }}"),
        format!("table u {{ id integer primary key, {refers} }}"),
    ];
    for version in ["v1", "v2"] {
        let keys = if random.chance(25) { "t.id, " } else { "" };
        let child = if random.chance(80) { ", u.t_id" } else { "" };
        statements.push(format!("app {version} {{ uses {keys}t.a{child}{} }}", rows_of(random)));
    }
    if random.chance(50) {
        statements.push("deploy v2".into());
        statements.push("retire v1".into());
    }
    if random.chance(30) {
        statements.push("expand drop not null u.t_id".into());
    }
    statements.push("expand add foreign key k (t_id) references t (id) on u".into());
    if random.chance(70) {
        statements.push("migrate validate foreign key k on u".into());
    }
    if random.chance(20) {
        statements.push(format!("expand set default u.t_id {}", random.pick(&["1", "77", "null"])));
    }
    if !statements.iter().any(|line| line == "deploy v2") {
        statements.push("deploy v2".into());
    }
    shuffle(random, &mut statements, 4);
    whole(statements)
}

/// A column that refers to another table is added.
fn reference(random: &mut Random) -> Draft {
    let ty = *random.pick(pools::TYPES);
    let a = column(random, "a", ty);
    let mut column = "t_id integer".to_owned();
    column.push_str(*random.pick(&["", "", " default 1", " not null default 1", " default 99"]));
    let mut statements = vec![
        format!("table t {{ id integer primary key, {a} }}"),
        "table u { id integer primary key, b integer }".to_owned(),
        format!("app v1 {{ uses t.a, u.b{} }}", rows_of(random)),
        format!("app v2 {{ uses t.a, u.b, u.t_id{} }}", rows_of(random)),
        format!("expand add column u.{column} references t (id)"),
    ];
    match random.below(4) {
        0 => statements.push("migrate backfill u.t_id from b".into()),
        1 => statements.extend(["expand sync u.t_id from b".to_owned(), "migrate backfill u.t_id from b".to_owned()]),
        _ => {}
    }
    statements.push("deploy v2".into());
    if random.chance(60) {
        statements.push("retire v1".into());
    }
    shuffle(random, &mut statements, 4);
    whole(statements)
}

/// All rows go to another table, which is new or there already.
fn moved(random: &mut Random) -> Draft {
    let (from, to) = (*random.pick(pools::TYPES), *random.pick(pools::TYPES));
    let (to, value) = match pools::expressions(from, to) {
        [] => (from, "a".to_owned()),
        some => (to, filled(*random.pick(some), "a")),
    };
    let (old, new) = (column(random, "a", from), column(random, "a", to));
    let refers = if random.chance(40) { " references t (id)" } else { "" };
    let is_there = random.chance(40);
    let table = format!("table u {{ id integer primary key{refers}, {new}, z text }}");
    let mut statements = vec![format!("table t {{ id integer primary key, {old} }}")];
    if is_there {
        statements.push(table.clone());
    }
    let first = if is_there && random.chance(50) { ", u.a, u.z" } else { "" };
    statements.push(format!("app v1 {{ uses t.a{first}{} }}", rows_of(random)));
    let z = if random.chance(40) { ", u.z" } else { "" };
    statements.push(format!("app v2 {{ {} u.a{z}{} }}", random.pick(&["uses", "reads"]), rows_of(random)));
    if !is_there {
        statements.push(format!("expand add {table}"));
    }
    if random.chance(40) {
        statements.push(format!("expand sync u.a from {}", pools::qualified(&value, "a", "t")));
    }
    if random.chance(30) {
        statements.push("retire v1".into());
    }
    statements.push(format!("migrate copy t to u (id from id, a from {value})"));
    statements.push("deploy v2".into());
    if random.chance(50) {
        statements.push("retire v1".into());
        if random.chance(50) {
            statements.push("contract drop table t".into());
        }
    }
    whole(statements)
}
