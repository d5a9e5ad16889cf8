//! What a write did to each column: whether it changed, and whether the application gave it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::catalog::{Column, ColumnId};
use crate::engine::Fault;
use crate::engine::postgres::quote;
use crate::engine::postgres::translate::is_compared_as_text;
use crate::engine::postgres::translate::sync::Program;

impl Program<'_> {
    /// What the names in a function mean, for those who read it in their database.
    pub(super) fn legend(&self, columns: &BTreeSet<ColumnId>) -> String {
        let names = columns.iter().filter_map(|id| self.table.column_by_id(*id));
        let names: Vec<String> = names.map(|column| format!("{} {}", column.id.0, one_line(&column.name))).collect();
        format!(
            "-- made by miglab. Columns: {}. Of a column: x changed, d left to its default, w written by an application, s not to be set (again).\n\
             -- Of a sync: t a fact of its target is touched, r it is about to fire, f it has fired.\n",
            names.join(", ")
        )
    }

    /// `x3 boolean; …` for variables of these kinds.
    pub(super) fn declarations(kinds: &str, columns: &BTreeSet<ColumnId>) -> String {
        let of_kind = |kind: char| columns.iter().map(move |column| format!("    {kind}{} boolean;\n", column.0));
        kinds.chars().flat_map(of_kind).collect()
    }

    /// Sets `x…` for an update: the column gets another value.
    pub(super) fn updated(&self, columns: &BTreeSet<ColumnId>) -> Result<String, Fault> {
        let set = |id: &ColumnId| Ok(format!("        x{} := {};\n", id.0, self.changes_image(*id)?));
        columns.iter().map(set).collect()
    }

    /// Sets `x…` for an insert of a row that others in other tables belong to: what differs from its default counts;
    /// where nothing does, the defaults do.
    pub(super) fn given_by_value(&self, columns: &BTreeSet<ColumnId>) -> Result<String, Fault> {
        let (mut given, mut present) = (String::new(), String::new());
        for id in columns {
            let column = self.column(*id)?;
            let (number, new) = (id.0, self.compared("new", column));
            writeln!(given, "        x{number} := {};", self.differs_from_default(column)).ok();
            writeln!(present, "            x{number} := {new} is not null;").ok();
        }
        let any: Vec<String> = columns.iter().map(|id| format!("x{}", id.0)).collect();
        let any = any.join(" or ");
        Ok(format!("{given}        if not ({any}) then\n{present}        end if;\n"))
    }

    /// An update gives the column another value, in any digit or letter: 1.0 and 1.00 are equal, and not the same.
    pub(super) fn changes_image(&self, id: ColumnId) -> Result<String, Fault> {
        let name = quote::ident(&self.column(id)?.name);
        Ok(format!("row(old.{name})::record *<> row(new.{name})::record"))
    }

    fn differs_from_default(&self, column: &Column) -> String {
        let new = self.compared("new", column);
        let default = self.plain_default(column.id);
        match default {
            Some(default) if !is_volatile(&default) => {
                let ty = self.scene.type_of(&self.table.name, column);
                let default = if is_compared_as_text(&ty) { format!("(({default})::{ty})::text") } else { default };
                format!("{new} is distinct from {default}")
            }
            _ => format!("{new} is not null"),
        }
    }
}

/// A name that may contain anything, in a comment of one line.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Whether a default may give another value each time, so that nothing can be told from the value.
fn is_volatile(default: &str) -> bool {
    let default = default.to_ascii_lowercase();
    ["nextval", "random", "uuid", "clock_timestamp", "timeofday"].iter().any(|word| default.contains(word))
}
