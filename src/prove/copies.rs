//! Copies between tables: which of them can be followed row by row, and what they leave as it is.

use std::collections::BTreeMap;

use crate::ast::Name;
use crate::catalog::{ColumnId, ConstraintKind, Table};
use crate::expr::Expression;
use crate::plan::{ColumnName, Filling};

/// What the copies of a plan have done so far.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// By the table that they fill.
    done: BTreeMap<Name, Done>,
}

#[derive(Debug)]
struct Done {
    /// The table that the rows came from.
    from: Name,
    /// The columns that were filled, and how.
    filled: Vec<(ColumnId, Expression)>,
}

impl Copies {
    /// Takes in a copy; gives what it leaves as it is because an earlier one was there first. `key` is the column by
    /// which rows belong together.
    pub(super) fn follow(&mut self, copied: &[&Filling<'_>], key: &ColumnName) -> Vec<String> {
        let Some(first) = copied.first() else { return Vec::new() };
        let (from, to) = (first.from, first.table);
        let done = self.done.entry(to.clone()).or_insert_with(|| Done { from: from.clone(), filled: Vec::new() });
        if done.from != *from {
            return vec![two_in_one(to, &done.from, from, &key.column)];
        }
        let mut whys = Vec::new();
        for filling in copied {
            match done.filled.iter().find(|(column, _)| *column == filling.column) {
                Some((_, value)) if value == filling.value => {}
                Some(_) => whys.push(format!(
                    "an earlier copy fills the same column of `{to}` from something else, and what it has filled stays"
                )),
                None => done.filled.push((filling.column, filling.value.clone())),
            }
        }
        whys
    }
}

/// Whether rows of two tables that have the same key are known to be the same thing: the second table comes with the
/// plan, so that all its rows are copies, or one refers to the other by the key.
pub(super) fn are_the_same(from: &Table, to: &Table, [source, target]: [ColumnId; 2], is_old: bool) -> bool {
    let refers = |one: &Table, column: ColumnId, other: &Table, to: ColumnId| {
        one.foreign_keys().any(|key| match &key.kind {
            ConstraintKind::ForeignKey { column: own, table, referenced, .. } => {
                *own == column && *table == other.name && *referenced == to
            }
            _ => false,
        })
    };
    !is_old || refers(to, target, from, source) || refers(from, source, to, target)
}

/// No key is copied to a key.
pub(super) fn unpaired(from: &str, to: &str) -> String {
    format!(
        "nothing says which row of `{to}` comes from which row of `{from}`: no unique column of one is copied to a unique \
         column of the other"
    )
}

/// The second table has rows that are no copies.
pub(super) fn own_rows(from: &str, to: &str, key: &str) -> String {
    format!(
        "`{to}` has rows of its own: where one has the `{key}` of a row of `{from}`, it stays, and only what is null in it \
         is filled; the rest of the row of `{from}` is not copied"
    )
}

/// Two tables are copied into one.
fn two_in_one(to: &str, first: &str, second: &str, key: &str) -> String {
    format!(
        "rows of `{first}` and of `{second}` come into `{to}`: where one of each has the same `{key}`, only one row comes of \
         them, and what `{second}` says is lost wherever `{first}` says something"
    )
}

/// A column of the second table held data before the plan.
pub(super) fn held_data(name: &ColumnName) -> String {
    format!("`{name}` already holds data, and the copy fills it only where it is null")
}
