//! Rolling back from anywhere, with no application writing in between, restores everything exactly.

use proptest::prelude::*;

use super::table::Table;

/// Statements that can follow one another in any selection; some of them fail on some rows.
const STATEMENTS: &[&str] = &[
    "expand add column t.c text",
    "expand add column t.n integer not null default 5",
    "expand add column t.u integer unique",
    "expand add table s { k integer primary key, v text default 'd' }",
    "expand add index t_b on t (b)",
    "expand add check b_short (length(b) < 4) on t",
    "expand add not null t.b",
    "expand add unique t_b_key (b) on t",
    "expand add foreign key t_p (p) references p (id) on t",
    "expand sync t.a <-> t.b",
    "migrate backfill t.b from upper(a)",
    "migrate backfill t.b from a where id > 2 in batches of 1",
    "migrate backfill t.p from 10 / (id - 3)",
    "migrate seed t.b from a || '!'",
    "migrate copy t to p (id from id + 100) where id < 4",
    "migrate verify id > 1 on t",
    "deploy v2",
    "retire v1",
    "contract set not null t.a",
    "contract drop default t.d",
    "contract drop column t.a",
    "contract drop column t.b",
    "contract drop index t_a_idx",
    "expand drop not null t.d",
];

const START: &str = "
table p { id integer primary key }
table t {
    id integer primary key
    a  text
    b  varchar(10)
    d  integer not null default 1
    p  integer
    index t_a_idx (a)
}
rows p { (1) (2) }
rows t { (1, 'x', null, 1, 1) (2, null, 'y', 2, null) (3, 'z', 'long one', 3, 2) (4, 'x', 'w', 4, 9) }
app v1 { uses t.id, t.a }
app v2 { uses t.id, t.b }
";

fn script(picks: &[usize]) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for pick in picks {
        let line = STATEMENTS[*pick];
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    format!("{START}\n{}\n", lines.join("\n"))
}

/// The script, without the statements that cannot be resolved after those before them.
fn resolvable(picks: &[usize]) -> Table {
    let mut kept: Vec<usize> = Vec::new();
    for pick in picks {
        kept.push(*pick);
        let parsed = miglab::syntax::parse(miglab::source::Source::new("t.mig", script(&kept)));
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        if miglab::plan::Plan::resolve(&parsed.script, &[]).is_err() {
            kept.pop();
        }
    }
    Table::open(&script(&kept))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rollback_restores_everything(picks in prop::collection::vec(0..STATEMENTS.len(), 1..12)) {
        let mut table = resolvable(&picks);
        let mut states = vec![table.everything()];
        while table.undos.len() < table.plan.steps.len() {
            let failed = table.step().is_err();
            if failed {
                prop_assert_eq!(&table.everything(), states.last().unwrap());
                break;
            }
            states.push(table.everything());
        }
        while !table.undos.is_empty() {
            states.pop();
            table.undo().unwrap();
            prop_assert_eq!(&table.everything(), states.last().unwrap());
        }
    }

    /// The same, when an application has written a row and taken it away again: what is put back row by row is what
    /// would have been put back at once.
    #[test]
    fn rollback_row_by_row_restores_as_much(picks in prop::collection::vec(0..STATEMENTS.len(), 1..12)) {
        let mut table = resolvable(&picks);
        let before = table.show("t");
        while table.undos.len() < table.plan.steps.len() && table.step().is_ok() {}
        if table.insert("", "p(id)", &["77"]).is_ok() {
            table.delete("", "p", "id = 77").unwrap();
        }
        while !table.undos.is_empty() {
            table.undo().unwrap();
        }
        prop_assert_eq!(table.show("t"), before);
    }

    #[test]
    fn a_snapshot_restores_everything(picks in prop::collection::vec(0..STATEMENTS.len(), 1..8), at in 0..8_usize) {
        let mut table = resolvable(&picks);
        while table.undos.len() < at.min(table.plan.steps.len()) && table.step().is_ok() {}
        let (snapshot, everything) = (table.memory.snapshot(), table.everything());
        while table.undos.len() < table.plan.steps.len() && table.step().is_ok() {}
        let _ = table.update("", "t", &[("d", "d + 1")], "id > 1");
        let _ = table.delete("", "t", "id = 1");
        let _ = table.insert("", "t(id)", &["50"]);
        table.memory.restore(snapshot);
        prop_assert_eq!(table.everything(), everything);
    }
}
