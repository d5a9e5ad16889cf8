//! What each application finds: whether it works, and what it may write.

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId, Table};
use crate::engine::memory::{Memory, fault};
use crate::engine::{Fault, FaultKind};
use crate::plan::{AppUse, ColumnName, conflict_name};

/// Whether an application works at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppState {
    /// It was not deployed, or is retired.
    NotLive,
    /// Everything that it uses is there.
    Works,
    /// What it uses and does not find, a sentence each.
    Breaks(Vec<String>),
}

impl Memory {
    /// Whether an application works at this moment.
    ///
    /// # Errors
    /// No application with this name was declared.
    pub fn app_state(&self, name: &str) -> Result<AppState, Fault> {
        let app = self.app(name)?;
        if !self.state.catalog.is_live(name) {
            return Ok(AppState::NotLive);
        }
        let lost = |column: &&ColumnName| self.state.catalog.column(&column.table, &column.column).is_none();
        let mut missing: Vec<String> = Vec::new();
        for column in app.needs().filter(lost) {
            let verb = match (app.reads.contains(column), app.writes.contains(column)) {
                (true, true) => "reads and writes",
                (true, false) => "reads",
                _ => "writes",
            };
            let sentence = format!("{verb} `{column}`, which does not exist");
            if !missing.contains(&sentence) {
                missing.push(sentence);
            }
        }
        if app.reads_catalog {
            let gone = self.state.catalog.gone_for(name).map(|(table, column)| {
                format!("found `{table}.{}` when it started, which does not exist any more", column.name)
            });
            missing.extend(gone);
        }
        missing
            .extend(self.unmatched(app).map(|constraint| format!("inserts by a {constraint}, which does not exist")));
        Ok(if missing.is_empty() { AppState::Works } else { AppState::Breaks(missing) })
    }

    /// The constraints that its inserts name with `on conflict` and that are not there.
    fn unmatched(&self, app: &AppUse) -> impl Iterator<Item = String> {
        let unmatched = app.conflicts().filter(|(table, columns)| {
            self.state.catalog.table(table).is_some_and(|table| !table.takes_conflict(columns))
        });
        unmatched.map(|(table, columns)| conflict_name(table, columns))
    }

    pub(super) fn app(&self, name: &str) -> Result<&AppUse, Fault> {
        let app = self.apps.iter().find(|app| &*app.name == name);
        app.ok_or_else(|| fault::missing("application", name))
    }

    /// The application, which must be live.
    pub(super) fn live_app(&self, name: &str) -> Result<&AppUse, Fault> {
        let app = self.app(name)?;
        if self.state.catalog.is_live(name) {
            return Ok(app);
        }
        let message = format!("application `{name}` is not live");
        Err(Fault::new(FaultKind::Missing, message)
            .with_help("an application is live from its `deploy` to its `retire`"))
    }

    /// The application, which must be live and update these columns.
    pub(super) fn updating_app(&self, name: &str, table: &Name, columns: &[Name]) -> Result<&AppUse, Fault> {
        let app = self.live_app(name)?;
        may_write(app, &app.updates, "update", table, columns)?;
        Ok(app)
    }

    /// The application, which must be live and insert these columns; with those that its inserts give.
    pub(super) fn inserting_app(
        &self,
        name: &str,
        table: &Name,
        columns: &[Name],
    ) -> Result<(&AppUse, &[ColumnName]), Fault> {
        let app = self.live_app(name)?;
        let Some(inserts) = app.inserts_into(table) else {
            let message = format!("application `{name}` does not insert into `{table}`");
            return Err(Fault::new(FaultKind::Missing, message).with_help(writes_help(app)));
        };
        may_write(app, &inserts.columns, "insert", table, columns)?;
        if let Some(constraint) = self.unmatched(app).next() {
            let message = format!("application `{name}` breaks: it inserts by a {constraint}, which does not exist");
            return Err(Fault::new(FaultKind::Missing, message));
        }
        Ok((app, &inserts.columns))
    }

    /// The application, which must be live and delete rows of the table.
    pub(super) fn deleting_app(&self, name: &str, table: &Name) -> Result<&AppUse, Fault> {
        let app = self.live_app(name)?;
        if app.deletes_from(table) {
            return Ok(app);
        }
        let message = if app.writes_to(table) {
            format!("application `{name}` does not delete from `{table}`")
        } else {
            format!("application `{name}` writes no column of `{table}`")
        };
        Err(Fault::new(FaultKind::Missing, message).with_help(writes_help(app)))
    }
}

/// Whether each of these columns is among those that an application may give a value.
fn may_write(app: &AppUse, given: &[ColumnName], verb: &str, table: &Name, columns: &[Name]) -> Result<(), Fault> {
    for column in columns {
        let wanted = ColumnName { table: table.clone(), column: column.clone() };
        if !given.contains(&wanted) {
            let verb = if app.writes.contains(&wanted) { verb } else { "write" };
            let message = format!("application `{}` does not {verb} `{wanted}`", app.name);
            return Err(Fault::new(FaultKind::Missing, message).with_help(writes_help(app)));
        }
    }
    Ok(())
}

fn writes_help(app: &AppUse) -> String {
    if app.writes.is_empty() {
        return "it only reads".into();
    }
    let columns: Vec<String> = app.writes.iter().map(|column| format!("`{column}`")).collect();
    format!("it writes {}", columns.join(", "))
}

/// The column that an application uses, which must be there.
pub(super) fn used_column(table: &Table, app: &AppUse, column: &ColumnName) -> Result<ColumnId, Fault> {
    table.column(&column.column).map(|column| column.id).ok_or_else(|| {
        let message = format!("application `{}` breaks: it uses `{column}`, which does not exist", app.name);
        Fault::new(FaultKind::Missing, message)
    })
}

/// The column that an application uses. What it only uses because it is there need not be; and what has come since it
/// started is not its own.
pub(super) fn found_column(
    catalog: &Catalog,
    table: &Table,
    app: &AppUse,
    column: &ColumnName,
) -> Result<Option<ColumnId>, Fault> {
    if !app.spread.contains(column) {
        return used_column(table, app, column).map(Some);
    }
    let found = catalog.column_found_by(&app.name, &column.table, &column.column).map(|column| column.id);
    Ok(table.column(&column.column).map(|column| column.id).filter(|id| Some(*id) == found))
}

/// A column that an application asks for, which it must declare to read and which must be there.
pub(super) fn read_column(table: &Table, app: &AppUse, name: &Name) -> Result<ColumnId, Fault> {
    let wanted = ColumnName { table: table.name.clone(), column: name.clone() };
    if app.reads.contains(&wanted) {
        return used_column(table, app, &wanted);
    }
    let message = format!("application `{}` does not read `{wanted}`", app.name);
    Err(Fault::new(FaultKind::Missing, message))
}
