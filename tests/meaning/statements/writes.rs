//! Writes of applications, the same on both sides.

use std::sync::Arc;

use miglab::ast::Name;
use miglab::catalog::{ConstraintKind, Table};
use miglab::data::{Type, Value};
use miglab::engine::memory::AppState;
use miglab::engine::postgres::quote;
use miglab::plan::AppUse;

use crate::common::both::{Both, key_of, literal};

/// Numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

impl Both {
    /// Every live application writes some of its columns in some row of each of its tables, and inserts one.
    pub fn let_applications_write(&mut self, dice: &mut Dice) {
        let apps: Vec<AppUse> = self.plan.apps.iter().cloned().collect();
        for app in
            apps.into_iter().filter(|app| self.memory.app_state(&app.name) == Ok(AppState::Works)).collect::<Vec<_>>()
        {
            let tables: Vec<Arc<Table>> = self.memory.catalog().tables().cloned().collect();
            let written = |table: &Table| app.writes.iter().any(|column| column.table == table.name);
            for table in tables.iter().filter(|table| written(table)) {
                self.update(&app, table, dice);
                self.insert(&app, table, dice);
            }
        }
    }

    fn columns(app: &AppUse, table: &Table) -> Vec<(Name, Type)> {
        let own = app.writes.iter().filter(|column| column.table == table.name);
        let refers = |name: &str| {
            let id = table.column(name).map(|column| column.id);
            table
                .foreign_keys()
                .any(|key| matches!(&key.kind, ConstraintKind::ForeignKey { column, .. } if Some(*column) == id))
        };
        own.filter(|column| !refers(&column.column))
            .filter_map(|column| Some((column.column.clone(), table.column(&column.column)?.ty)))
            .collect()
    }

    fn update(&mut self, app: &AppUse, table: &Table, dice: &mut Dice) {
        let Some(key) = key_of(table) else { return };
        let key = table.column_by_id(key).unwrap().clone();
        let rows = self
            .memory
            .select(None, &table.name, Some(std::slice::from_ref(&key.name)), None, usize::MAX)
            .unwrap()
            .rows;
        if rows.is_empty() {
            return;
        }
        let row = &rows[dice.below(rows.len())];
        let mut columns = Self::columns(app, table);
        columns.retain(|_| dice.below(3) > 0);
        if columns.is_empty() {
            return;
        }
        let values: Vec<(Name, Value)> =
            columns.iter().map(|(name, ty)| (name.clone(), self.value(table, row.number, name, *ty, dice))).collect();
        let sets: Vec<String> = values
            .iter()
            .zip(&columns)
            .map(|((name, value), (_, ty))| format!("{} = {}", quote::ident(name), literal(value, &ty.to_string())))
            .collect();
        let sql = format!(
            "update {} set {} where {} = {}",
            quote::ident(&table.name),
            sets.join(", "),
            quote::ident(&key.name),
            literal(&row.cells[0].value, &key.ty.to_string())
        );
        let mine = self.memory.update_row(Some(&app.name), &table.name, row.number, &values);
        self.same(mine.is_ok(), &sql, &format!("{mine:?}"));
    }

    /// A new value, or, one time in four, the one that is there.
    fn value(&self, table: &Table, row: usize, column: &Name, ty: Type, dice: &mut Dice) -> Value {
        if dice.below(4) > 0 {
            return fresh(ty, dice);
        }
        let rows =
            self.memory.select(None, &table.name, Some(std::slice::from_ref(column)), None, usize::MAX).unwrap().rows;
        rows.iter().find(|found| found.number == row).unwrap().cells[0].value.clone()
    }

    fn insert(&mut self, app: &AppUse, table: &Table, dice: &mut Dice) {
        let tables: std::collections::BTreeSet<&Name> = app.writes.iter().map(|column| &column.table).collect();
        let Some(key) = key_of(table).filter(|_| tables.len() == 1 && table.foreign_keys().next().is_none()) else {
            return;
        };
        let key = table.column_by_id(key).unwrap().clone();
        let mut columns = vec![(key.name.clone(), key.ty)];
        columns.extend(Self::columns(app, table).into_iter().filter(|(name, _)| *name != key.name));
        if self.leaves_a_default_to_follow(table, &columns) {
            return;
        }
        let values: Vec<Value> = columns.iter().map(|(_, ty)| fresh(*ty, dice)).collect();
        let names: Vec<Name> = columns.iter().map(|(name, _)| name.clone()).collect();
        let literals: Vec<String> =
            values.iter().zip(&columns).map(|(value, (_, ty))| literal(value, &ty.to_string())).collect();
        let sql = format!(
            "insert into {} ({}) values ({})",
            quote::ident(&table.name),
            quote::idents(names.iter().map(|name| &**name)),
            literals.join(", ")
        );
        let mine = self.memory.insert(Some(&app.name), &table.name, &names, &[values]);
        self.same(mine.is_ok(), &sql, &format!("{mine:?}"));
    }

    /// A trigger into another table cannot tell a default that was left to stand from one that was given: where an insert
    /// gives nothing else, what follows the default takes it. The memory leaves it null.
    fn leaves_a_default_to_follow(&self, table: &Table, given: &[(Name, Type)]) -> bool {
        let left = |name: &Name| given.iter().all(|(given, _)| given != name);
        let followed = |id| self.memory.catalog().syncs_of(id).any(|sync| sync.join.is_some());
        table.columns().any(|column| column.default.is_some() && left(&column.name) && followed(column.id))
    }

    fn same(&mut self, accepted: bool, sql: &str, mine: &str) {
        let theirs = self.client.batch_execute(sql);
        assert_eq!(theirs.is_ok(), accepted, "{sql}\nmemory: {mine}\nPostgreSQL: {theirs:?}");
    }
}

fn fresh(ty: Type, dice: &mut Dice) -> Value {
    let number = dice.below(1_000_000) + 1_000;
    let text = match ty {
        Type::Varchar(Some(length)) if length < 12 => "ABCDEFGHIJKL".chars().take(length as usize).collect(),
        Type::SmallInt => (number % 10_000).to_string(),
        _ if ty.is_numeric() => number.to_string(),
        Type::Boolean => number.is_multiple_of(2).to_string(),
        Type::Date => "2020-02-29".to_owned(),
        Type::Timestamp | Type::TimestampTz => "2020-02-29 12:00:00".to_owned(),
        Type::Uuid => format!("00000000-0000-0000-0000-{number:012}"),
        Type::Json | Type::Jsonb => format!("{{\"n\": {number}}}"),
        Type::Bytea => format!("\\x{number:06x}"),
        _ => format!("N{number} van W{number}@x"),
    };
    Value::parse(&text, ty).unwrap()
}
