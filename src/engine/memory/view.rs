//! What each application finds: whether it works, and what it may write.

use crate::ast::Name;
use crate::catalog::{ColumnId, Table};
use crate::engine::memory::{Memory, fault};
use crate::engine::{Fault, FaultKind};
use crate::plan::{AppUse, ColumnName};

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
        for column in app.uses().filter(lost) {
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
        Ok(if missing.is_empty() { AppState::Works } else { AppState::Breaks(missing) })
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

    /// The application, which must be live and write these columns.
    pub(super) fn writing_app(&self, name: &str, table: &Name, columns: &[Name]) -> Result<&AppUse, Fault> {
        let app = self.live_app(name)?;
        for column in columns {
            let wanted = ColumnName { table: table.clone(), column: column.clone() };
            if !app.writes.contains(&wanted) {
                let message = format!("application `{name}` does not write `{wanted}`");
                return Err(Fault::new(FaultKind::Missing, message).with_help(writes_help(app)));
            }
        }
        Ok(app)
    }

    /// The application, which must be live and write some column of the table.
    pub(super) fn deleting_app(&self, name: &str, table: &Name) -> Result<&AppUse, Fault> {
        let app = self.live_app(name)?;
        if app.writes.iter().any(|column| column.table == *table) {
            return Ok(app);
        }
        let message = format!("application `{name}` writes no column of `{table}`");
        Err(Fault::new(FaultKind::Missing, message).with_help(writes_help(app)))
    }
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

/// A column that an application asks for, which it must declare to read and which must be there.
pub(super) fn read_column(table: &Table, app: &AppUse, name: &Name) -> Result<ColumnId, Fault> {
    let wanted = ColumnName { table: table.name.clone(), column: name.clone() };
    if app.reads.contains(&wanted) {
        return used_column(table, app, &wanted);
    }
    let message = format!("application `{}` does not read `{wanted}`", app.name);
    Err(Fault::new(FaultKind::Missing, message))
}
