//! Syncs into another table: the row that belongs to the one written is written in turn.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{ColumnId, Sync, SyncJoin};
use crate::engine::postgres::quote;
use crate::engine::postgres::translate::of_row;
use crate::engine::postgres::translate::sync::{Installation, NO_BACKFILL, Piece, Program};
use crate::engine::{Fault, FaultKind};

/// The syncs that reach the rows of one table by one pairing.
struct Pair<'a> {
    table: Name,
    join: &'a SyncJoin,
    syncs: Vec<&'a Arc<Sync>>,
}

impl Program<'_> {
    /// The rows of the other table belong to the owner of the plan: the role of an application need not be allowed to
    /// write them.
    pub(super) fn install_far(&self, syncs: &[&Arc<Sync>], into: &mut Installation) -> Result<(), Fault> {
        let columns = self.involved(syncs);
        let function = self.scene.function_name(&self.table.name, "far");
        let create = format!(
            "create or replace function {function}() returns trigger language plpgsql security definer \
             set search_path from current{} as {}",
            Self::settings(syncs),
            quote::dollar(&self.far_body(syncs, &columns)?)
        );
        into.functions.push(Piece { name: function.clone(), create });
        let changes = self.changes(&columns)?;
        into.triggers.extend(self.row_triggers("zzz_miglab_3", "after", &function, &changes));
        self.install_gone(syncs, into)
    }

    /// A row that a sync brings about goes with the one that it belongs to. It refers to that one, so it goes first.
    fn install_gone(&self, syncs: &[&Arc<Sync>], into: &mut Installation) -> Result<(), Fault> {
        let mut body =
            String::from("\n-- made by miglab. Deletes the rows that belong to the one that is deleted.\nbegin\n");
        let before = body.len();
        for pair in pairs(syncs).iter().filter(|pair| pair.join.inserts) {
            let key = self.partner_column(&pair.table, pair.join.target_key)?;
            let own_key = of_row("old", &self.column(pair.join.source_key)?.name);
            let relation = self.scene.qualified(&pair.table);
            writeln!(body, "    delete from {relation} as p where p.{key} = {own_key};").ok();
        }
        if body.len() == before {
            return Ok(());
        }
        body += "    return old;\nend\n";
        let function = self.scene.function_name(&self.table.name, "gone");
        let create = format!(
            "create or replace function {function}() returns trigger language plpgsql security definer \
             set search_path from current as {}",
            quote::dollar(&body)
        );
        into.functions.push(Piece { name: function.clone(), create });
        let relation = self.scene.qualified(&self.table.name);
        into.triggers.push(Piece {
            name: quote::ident("zzz_miglab_4_delete"),
            create: format!(
                "before delete on {relation} for each row when ({NO_BACKFILL}) execute function {function}()"
            ),
        });
        Ok(())
    }

    /// A column of another table, quoted.
    fn partner_column(&self, table: &str, id: ColumnId) -> Result<String, Fault> {
        let column = self.catalog.table(table).and_then(|table| table.column_by_id(id));
        let missing = || Fault::new(FaultKind::Missing, format!("a column of `{table}` does not exist"));
        column.map(|column| quote::ident(&column.name)).ok_or_else(missing)
    }

    fn far_body(&self, syncs: &[&Arc<Sync>], columns: &BTreeSet<ColumnId>) -> Result<String, Fault> {
        let mut body = format!("\n{}", self.legend(columns));
        body.push_str(
            "declare\n    event text := coalesce(current_setting('miglab.event', true), '');\n    mine text;\n",
        );
        body += &Self::declarations("x", columns);
        for sync in syncs {
            writeln!(body, "    r{} boolean;", sync.id.0).ok();
        }
        body += "begin\n";
        body += "    if tg_op = 'INSERT' then\n";
        body += &self.given_by_value(columns)?;
        body += "    else\n";
        body += &self.updated(columns)?;
        body += "    end if;\n";
        body += &self.inserted_whole(syncs);
        body += &event(columns);
        for sync in syncs {
            writeln!(body, "    r{} := {};", sync.id.0, self.reaches(sync, columns)).ok();
        }
        for pair in pairs(syncs) {
            body += &self.write_partner(&pair)?;
        }
        body += "    return null;\nend\n";
        Ok(body)
    }

    /// A row that refers to another says all that it holds when it is inserted, null as well: until then it was missing, and
    /// the other row may still say what an earlier one said.
    fn inserted_whole(&self, syncs: &[&Arc<Sync>]) -> String {
        let written = |id: &ColumnId| {
            let name = self.table.column_by_id(*id).map(|column| &column.name);
            let mut all = self.scene.apps.iter().flat_map(|app| &app.writes);
            all.any(|written| written.table == self.table.name && Some(&written.column) == name)
        };
        let back = syncs.iter().filter(|sync| sync.join.as_ref().is_some_and(|join| !join.inserts));
        let columns: BTreeSet<ColumnId> =
            back.flat_map(|sync| sync.source_columns.iter().copied()).filter(written).collect();
        if columns.is_empty() {
            return String::new();
        }
        let all: Vec<String> = columns.iter().map(|id| format!("        x{} := true;\n", id.0)).collect();
        let all = all.concat();
        format!("    if tg_op = 'INSERT' and event = '' then\n{all}    end if;\n")
    }

    fn reaches(&self, sync: &Sync, columns: &BTreeSet<ColumnId>) -> String {
        let changed: Vec<String> = sync.source_columns.iter().map(|column| format!("x{}", column.0)).collect();
        let touching = columns.iter().filter(|column| self.touches(sync, **column));
        let touching: Vec<String> = touching.map(|column| format!("x{}", column.0)).collect();
        let here = if touching.is_empty() { "false".to_owned() } else { touching.join(" or ") };
        format!(
            "({}) and case when event = '' then {here} else {} end and position(',s{},' in event) = 0",
            changed.join(" or "),
            self.touched_in_event(sync),
            sync.target.0
        )
    }

    /// Updates the row that belongs to the one written; where it is missing and should be there, inserts it whole.
    fn write_partner(&self, pair: &Pair<'_>) -> Result<String, Fault> {
        let partner = self.catalog.table(&pair.table);
        let missing = || Fault::new(FaultKind::Missing, format!("there is no table `{}`", pair.table));
        let partner = partner.ok_or_else(missing)?;
        let name = |id: ColumnId| self.partner_column(&pair.table, id);
        let relation = self.scene.qualified(&pair.table);
        let key = name(pair.join.target_key)?;
        let own_key = of_row("new", &self.column(pair.join.source_key)?.name);
        let any: Vec<String> = pair.syncs.iter().map(|sync| format!("r{}", sync.id.0)).collect();
        let (mut sets, mut names, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for sync in &pair.syncs {
            let (column, value) = (name(sync.target)?, sync.value.to_sql(&|name| of_row("new", name)));
            let target = partner.column_by_id(sync.target);
            let value = target.map_or(value.clone(), |target| self.scene.assigned(&pair.table, target, &value));
            sets.push(format!("{column} = case when r{} then {value} else p.{column} end", sync.id.0));
            names.push(column);
            values.push(value);
        }
        let set_again: Vec<String> = pair
            .syncs
            .iter()
            .map(|sync| format!(" || case when r{} then 's{},' else '' end", sync.id.0, sync.target.0))
            .collect();
        let set_again = set_again.concat();
        let (sets, names, values) = (sets.join(", "), names.join(", "), values.join(", "));
        let insert = if pair.join.inserts {
            let something = self.something_for(pair)?;
            format!(
                "        if not found and (tg_op = 'UPDATE' or {something}) then\n            insert into {relation} as p ({key}, {names}) values ({own_key}, \
                 {values})\n            on conflict ({key}) do update set {sets};\n        end if;\n"
            )
        } else {
            String::new()
        };
        Ok(format!(
            "    if ({any}) and {own_key} is not null then\n        \
             perform set_config('miglab.event', mine{set_again}, true);\n        \
             update {relation} as p set {sets} where p.{key} = {own_key};\n{insert}        \
             perform set_config('miglab.event', event, true);\n    end if;\n",
            any = any.join(" or ")
        ))
    }
}

impl Program<'_> {
    /// The row that is inserted holds a value that its partner would have. One of nothing but nulls is not brought about.
    fn something_for(&self, pair: &Pair<'_>) -> Result<String, Fault> {
        let sources: BTreeSet<ColumnId> =
            pair.syncs.iter().flat_map(|sync| sync.source_columns.iter().copied()).collect();
        let values = sources.into_iter().map(|column| {
            let column = self.column(column)?;
            Ok(format!("{} is not null", of_row("new", &column.name)))
        });
        Ok(values.collect::<Result<Vec<_>, Fault>>()?.join(" or "))
    }
}

fn pairs<'a>(syncs: &[&'a Arc<Sync>]) -> Vec<Pair<'a>> {
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for sync in syncs {
        let Some(join) = &sync.join else { continue };
        match pairs.iter_mut().find(|pair| pair.table == sync.target_table && pair.join == join) {
            Some(pair) => pair.syncs.push(sync),
            None => pairs.push(Pair { table: sync.target_table.clone(), join, syncs: vec![sync] }),
        }
    }
    pairs
}

/// What is known of the write so far: what the application wrote (`w`), and what is not to be set again (`s`).
fn event(columns: &BTreeSet<ColumnId>) -> String {
    let mut text = String::from("    mine := case when event = '' then ',' else event end;\n");
    for column in columns {
        let number = column.0;
        writeln!(
            text,
            "    if x{number} then\n        mine := mine || case when event = '' then 'w{number},' else '' end || \
             's{number},';\n    end if;"
        )
        .ok();
    }
    text
}
