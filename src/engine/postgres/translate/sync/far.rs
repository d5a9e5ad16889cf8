//! Syncs into another table: the row that belongs to the one written is written in turn.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{ColumnId, Sync, SyncJoin};
use crate::engine::postgres::quote;
use crate::engine::postgres::translate::of_row;
use crate::engine::postgres::translate::sync::{Installation, Piece, Program};
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
        Ok(())
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
        let name = |id: ColumnId| {
            let known = partner.column_by_id(id).map(|column| quote::ident(&column.name));
            known.ok_or_else(|| Fault::new(FaultKind::Missing, format!("a column of `{}` does not exist", pair.table)))
        };
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
            format!(
                "        if not found then\n            insert into {relation} as p ({key}, {names}) values ({own_key}, \
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
