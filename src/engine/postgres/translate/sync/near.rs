//! Syncs within a table: the row itself is changed before it is stored.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::catalog::{ColumnId, Sync};
use crate::engine::Fault;
use crate::engine::postgres::quote;
use crate::engine::postgres::translate::of_row;
use crate::engine::postgres::translate::sync::{Installation, Piece, Program};

impl Program<'_> {
    pub(super) fn install_near(&self, syncs: &[&Arc<Sync>], into: &mut Installation) -> Result<(), Fault> {
        let columns = self.involved(syncs);
        self.refuse_generated(&columns)?;
        let function = self.scene.function_name(&self.table.name, "near");
        let create = format!(
            "create or replace function {function}() returns trigger language plpgsql{} as {}",
            Self::settings(syncs),
            quote::dollar(&self.near_body(syncs, &columns)?)
        );
        into.functions.push(Piece { name: function.clone(), create });
        into.defaults = self.marked_defaults(&self.told_apart(syncs, &columns))?;
        let changes = self.changes(&columns)?;
        into.triggers.extend(self.row_triggers("zzz_miglab_2", "before", &function, &changes));
        Ok(())
    }

    fn near_body(&self, syncs: &[&Arc<Sync>], columns: &BTreeSet<ColumnId>) -> Result<String, Fault> {
        let mut body = format!("\n{}", self.legend(columns));
        body.push_str("declare\n    event text := coalesce(current_setting('miglab.event', true), '');\n");
        body += &Self::declarations("xws", columns);
        for sync in syncs {
            let number = sync.id.0;
            writeln!(body, "    t{number} boolean;\n    f{number} boolean := false;\n    r{number} boolean;").ok();
        }
        let told = self.told_apart(syncs, columns);
        let sources = syncs.iter().flat_map(|sync| sync.source_columns.iter().copied()).collect();
        body += &Self::declarations("d", &told);
        body += "begin\n    if tg_op = 'INSERT' then\n";
        body += &self.given(columns, &told, &sources)?;
        body += "    else\n";
        body += &self.updated(columns)?;
        body += "    end if;\n";
        body += "    if event = '' then\n";
        body += &self.written_here(syncs, columns);
        body += "    else\n";
        body += &self.written_elsewhere(syncs, columns);
        body += "    end if;\n";
        body += &self.firing(syncs)?;
        body += "    return new;\nend\n";
        Ok(body)
    }

    /// Sets `w…` (written), `s…` (not to be set) and `t…` (the fact is touched) for a write of an application.
    fn written_here(&self, syncs: &[&Arc<Sync>], columns: &BTreeSet<ColumnId>) -> String {
        let mut text = String::new();
        for column in columns {
            let parts: Vec<String> = self.parts_of(*column, columns).map(|id| format!("x{}", id.0)).collect();
            writeln!(text, "        w{} := {};", column.0, parts.join(" or ")).ok();
            writeln!(text, "        s{0} := w{0};", column.0).ok();
        }
        for sync in syncs {
            let touching = columns.iter().filter(|column| self.touches(sync, **column));
            let touching: Vec<String> = touching.map(|column| format!("w{}", column.0)).collect();
            writeln!(text, "        t{} := {};", sync.id.0, or_false(&touching)).ok();
        }
        text
    }

    /// The same where the row is written because of a write in another table.
    fn written_elsewhere(&self, syncs: &[&Arc<Sync>], columns: &BTreeSet<ColumnId>) -> String {
        let mut text = String::new();
        for column in columns {
            writeln!(text, "        w{0} := false;\n        s{0} := position(',s{0},' in event) > 0;", column.0).ok();
        }
        for sync in syncs {
            writeln!(text, "        t{} := {};", sync.id.0, self.touched_in_event(sync)).ok();
        }
        text
    }

    /// A column of any table that was written touches the fact of the sync's target.
    pub(super) fn touched_in_event(&self, sync: &Sync) -> String {
        let all = self.catalog.tables().flat_map(|table| table.columns()).map(|column| column.id);
        let touching = all.filter(|column| self.touches(sync, *column));
        or_false(&touching.map(|column| format!("position(',w{},' in event) > 0", column.0)).collect::<Vec<_>>())
    }

    /// A column, and the other parts of the whole that it is a part of, where some application writes them together: it
    /// writes the others too, as they are.
    fn parts_of<'b>(
        &'b self,
        column: ColumnId,
        columns: &'b BTreeSet<ColumnId>,
    ) -> impl Iterator<Item = ColumnId> + 'b {
        let name = |id: ColumnId| self.table.column_by_id(id).map(|column| &column.name);
        let together = move |other: ColumnId| {
            self.scene.apps.iter().any(|app| {
                let writes = |id| {
                    let of_table = app.updates.iter().filter(|column| column.table == self.table.name);
                    of_table.into_iter().any(|column| Some(&column.column) == name(id))
                };
                writes(column) && writes(other)
            })
        };
        let parts = columns
            .iter()
            .copied()
            .filter(move |other| *other != column && self.scene.facts.are_parts(column, *other) && together(*other));
        std::iter::once(column).chain(parts)
    }

    /// Lets the syncs fire one after the other: first those whose sources no other is about to change.
    fn firing(&self, syncs: &[&Arc<Sync>]) -> Result<String, Fault> {
        let mut text = String::from("    loop\n");
        for sync in syncs {
            let changed: Vec<String> = sync.source_columns.iter().map(|column| format!("x{}", column.0)).collect();
            let (number, target) = (sync.id.0, sync.target.0);
            let changed = changed.join(" or ");
            writeln!(text, "        r{number} := t{number} and not f{number} and not s{target} and ({changed});").ok();
        }
        let awaited = |sync: &Sync| {
            let feeds = |other: &&&Arc<Sync>| other.id != sync.id && sync.source_columns.contains(&other.target);
            let feeding: Vec<String> =
                syncs.iter().filter(feeds).map(|other| format!(" and not r{}", other.id.0)).collect();
            (format!("r{}{}", sync.id.0, feeding.concat()), !feeding.is_empty())
        };
        let first = syncs.iter().map(|sync| (awaited(sync).0, *sync));
        let then = syncs.iter().filter(|sync| awaited(sync).1).map(|sync| (format!("r{}", sync.id.0), *sync));
        for (at, (condition, sync)) in first.chain(then).enumerate() {
            let word = if at == 0 { "if" } else { "elsif" };
            writeln!(text, "        {word} {condition} then\n{}", self.fire(sync)?).ok();
        }
        text += "        else\n            exit;\n        end if;\n    end loop;\n";
        Ok(text)
    }

    fn fire(&self, sync: &Sync) -> Result<String, Fault> {
        let target = self.column(sync.target)?;
        let value = sync.value.to_sql(&|name| of_row("new", name));
        let (number, id) = (sync.id.0, sync.target.0);
        Ok(format!(
            "            new.{} := {value};\n            x{id} := true;\n            s{id} := true;\n            \
             f{number} := true;",
            quote::ident(&target.name)
        ))
    }
}

fn or_false(parts: &[String]) -> String {
    if parts.is_empty() { "false".to_owned() } else { parts.join(" or ") }
}
