//! What a write did to each column: whether it changed, and whether the application gave it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::catalog::{Column, ColumnId};
use crate::engine::Fault;
use crate::engine::postgres::quote;
use crate::engine::postgres::translate::sync::Program;

impl Program<'_> {
    /// What the names in a function mean, for those who read it in their database.
    pub(super) fn legend(&self, columns: &BTreeSet<ColumnId>) -> String {
        let names = columns.iter().filter_map(|id| self.table.column_by_id(*id));
        let names: Vec<String> = names.map(|column| format!("{} {}", column.id.0, one_line(&column.name))).collect();
        format!(
            "-- made by miglab. Columns: {}. Of a column: x changed, w written by an application, s not to be set (again).\n\
             -- Of a sync: t a fact of its target is touched, r it is about to fire, f it has fired.\n",
            names.join(", ")
        )
    }

    /// `x3 boolean; …` for variables of these kinds.
    pub(super) fn declarations(kinds: &str, columns: &BTreeSet<ColumnId>) -> String {
        let of_kind = |kind: char| columns.iter().map(move |column| format!("    {kind}{} boolean;\n", column.0));
        kinds.chars().flat_map(of_kind).collect()
    }

    /// Sets `x…`: the column gets another value. An insert changes what it gives; where it gives nothing but defaults,
    /// these count.
    pub(super) fn changed(&self, columns: &BTreeSet<ColumnId>) -> Result<String, Fault> {
        let (mut given, mut present, mut updated) = (String::new(), String::new(), String::new());
        for id in columns {
            let column = self.column(*id)?;
            let (number, new) = (id.0, self.compared("new", column));
            writeln!(given, "        x{number} := {};", self.differs_from_default(column)).ok();
            writeln!(present, "            x{number} := {new} is not null;").ok();
            writeln!(updated, "        x{number} := {new} is distinct from {};", self.compared("old", column)).ok();
        }
        let any: Vec<String> = columns.iter().map(|id| format!("x{}", id.0)).collect();
        let any = any.join(" or ");
        Ok(format!(
            "    if tg_op = 'INSERT' then\n{given}        if not ({any}) then\n{present}        end if;\n    \
             else\n{updated}    end if;\n"
        ))
    }

    fn differs_from_default(&self, column: &Column) -> String {
        let new = self.compared("new", column);
        let known = self.scene.server.relation(&self.table.name).and_then(|relation| relation.column(&column.name));
        let default = match known {
            Some(known) => known.default.clone(),
            None => column.default.as_ref().map(|default| default.to_sql(&|name| quote::ident(name))),
        };
        match default {
            Some(default) if !is_volatile(&default) => format!("{new} is distinct from {default}"),
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
