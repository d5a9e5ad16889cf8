//! Acting as an application, or as an operator who knows the present schema: select, insert, update, delete.

use crate::ast::{ColumnRef, Delete, Dml, Expr, Ident, Insert, Name, Select, Update};
use crate::data::{Type, Value, compare};
use crate::diagnostic::{Complaint, Diagnostic};
use crate::engine::memory::Selected;
use crate::expr::{Expression, NoColumns};
use crate::phrase::{did_you_mean, listed, rows};
use crate::plan::{AppUse, TableScope};
use crate::repl::absent::shares;
use crate::repl::reading::TypedDml;
use crate::repl::session::{Said, Session};
use crate::repl::staleness::{self, Misread};
use crate::repl::views::MOST_ROWS;
use crate::report::render;
use crate::report::terminal::Paint;
use crate::source::Source;

/// Why nothing was done.
enum Refusal {
    Plain(Complaint),
    Placed(Box<Diagnostic>),
}

impl<C: Into<Complaint>> From<C> for Refusal {
    fn from(complaint: C) -> Self {
        Self::Plain(complaint.into())
    }
}

/// What was written, and where.
struct Written {
    /// "1 row updated".
    said: String,
    table: Name,
    columns: Vec<Name>,
    /// The rows that changed, by their numbers.
    numbers: Vec<usize>,
}

/// What each live application misreads.
type Misreadings = Vec<(Name, Vec<Misread>)>;

impl Session {
    /// Does what somebody typed; where it is refused, nothing has changed.
    pub(super) fn act(&mut self, act: TypedDml) -> Said {
        let TypedDml { app, source, operation } = act;
        let app = app.as_ref();
        if let Some(unknown) = app.filter(|app| self.apps().iter().all(|usage| usage.name != **app)) {
            return Err(self.complain(&self.no_app(unknown)));
        }
        let said = match &operation {
            Dml::Select(select) => self.select(app, select),
            Dml::Insert(insert) => self.insert(app, insert),
            Dml::Update(update) => self.update(app, update),
            Dml::Delete(delete) => self.delete(app, delete),
        };
        said.map_err(|refusal| self.explain(refusal, &source))
    }

    fn explain(&self, refusal: Refusal, source: &Source) -> String {
        match refusal {
            Refusal::Plain(complaint) => self.complain(&complaint),
            Refusal::Placed(diagnostic) => render(&diagnostic, source, self.terminal),
        }
    }

    fn select(&self, app: Option<&Name>, select: &Select) -> Result<String, Refusal> {
        let tables = match &select.table {
            Some(table) => vec![self.named_table(table)?],
            None => self.tables_of(app, select)?,
        };
        let mut text = String::new();
        for table in &tables {
            if tables.len() > 1 {
                text += &format!("{}\n", self.terminal.paint(table, Paint::Bold));
            }
            let mut selected = self.selected(app, table, select)?;
            if select.limit.is_some() {
                selected.total = selected.rows.len();
            }
            text += &self.rows_view(table, &selected);
        }
        Ok(text)
    }

    fn selected(&self, app: Option<&Name>, table: &Name, select: &Select) -> Result<Selected, Refusal> {
        let memory = self.present.memory();
        let filter = select.filter.as_ref().map(|filter| self.condition(table, filter)).transpose()?;
        let columns = select.columns.iter().map(|column| own_column(table, column)).collect::<Result<Vec<_>, _>>()?;
        let columns = (!columns.is_empty()).then_some(columns.as_slice());
        let limit = select.limit.map_or(MOST_ROWS, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        if select.order.is_empty() {
            return Ok(memory.select(app, table, columns, filter.as_ref(), limit)?);
        }
        let keys = select.order.iter().map(|(column, _)| own_column(table, column)).collect::<Result<Vec<_>, _>>()?;
        let keys = memory.select(None, table, Some(&keys), filter.as_ref(), usize::MAX)?;
        let mut all = memory.select(app, table, columns, filter.as_ref(), usize::MAX)?;
        let mut sorted: Vec<_> = keys.rows.iter().zip(std::mem::take(&mut all.rows)).collect();
        sorted.sort_by(|(one, _), (other, _)| {
            let sides = one.cells.iter().zip(&other.cells).zip(&select.order);
            let unequal = sides.map(|((one, other), (_, descending))| order(&one.value, &other.value, *descending));
            unequal.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        all.rows = sorted.into_iter().take(limit).map(|(_, row)| row).collect();
        Ok(all)
    }

    /// The tables that are meant where none is named.
    fn tables_of(&self, app: Option<&Name>, select: &Select) -> Result<Vec<Name>, Refusal> {
        let named = select.columns.first().and_then(|column| column.table.as_ref());
        if let Some(table) = named {
            return Ok(vec![self.named_table(table)?]);
        }
        let Some(app) = app else { return Ok(vec![self.usual_table()?]) };
        let usage = self.apps().iter().find(|usage| usage.name == *app);
        let mut tables: Vec<Name> = Vec::new();
        for column in usage.into_iter().flat_map(|usage| &usage.reads) {
            if !tables.contains(&column.table) {
                tables.push(column.table.clone());
            }
        }
        if let (true, Ok(usual)) = (tables.len() > 1, self.usual_table())
            && tables.contains(&usual)
            && (!select.columns.is_empty() || select.filter.is_some())
        {
            return Ok(vec![usual]);
        }
        match tables.as_slice() {
            [] => Err(Complaint::new(format!("application `{app}` reads nothing")).into()),
            [_, _, ..] if !select.columns.is_empty() || select.filter.is_some() => {
                Err(Complaint::new("no table is named").help("as in `select … from users`").into())
            }
            _ => Ok(tables),
        }
    }

    /// The table of an operator who names none.
    fn usual_table(&self) -> Result<Name, Complaint> {
        let catalog = self.present.memory().catalog();
        let usual = self.present.run.plan().default_table.as_ref().filter(|table| catalog.table(table).is_some());
        let mut tables = catalog.tables();
        match (usual, tables.next(), tables.next()) {
            (Some(usual), ..) => Ok(usual.clone()),
            (None, Some(only), None) => Ok(only.name.clone()),
            _ => Err(Complaint::new("no table is named").help("as in `select * from users`")),
        }
    }

    fn no_app(&self, app: &str) -> Complaint {
        if self.present.waiting.iter().any(|(name, _)| **name == *app) {
            return Complaint::new(format!("application `{app}` is not live"))
                .help(format!("`deploy {app}` makes it live"));
        }
        let names: Vec<&str> = self.apps().iter().map(|usage| &*usage.name).collect();
        let help = match did_you_mean(app, names.iter().copied()) {
            Some(meant) => meant,
            None if names.is_empty() => "declare it: `app v1 { reads …  writes … }`".to_owned(),
            None => format!("known: {}", listed(&names)),
        };
        Complaint::new(format!("there is no application `{app}`")).help(help)
    }

    fn named_table(&self, table: &Ident) -> Result<Name, Complaint> {
        let found = self.present.memory().catalog().table(&table.name).map(|table| table.name.clone());
        found.ok_or_else(|| self.no_table(&table.name))
    }

    fn insert(&mut self, app: Option<&Name>, insert: &Insert) -> Result<String, Refusal> {
        let table = self.named_table(&insert.table)?;
        let columns = self.inserted_columns(app, &table, insert);
        let lists = insert.rows.iter().map(|row| self.values(&table, &columns, row));
        let lists = lists.collect::<Result<Vec<_>, _>>()?;
        let before = self.misreadings(&table, &[]);
        let memory = self.present.run.engine_mut();
        let count = memory.insert(app, &table, &columns, &lists)?;
        let known = memory.select(None, &table, Some(&[]), None, usize::MAX)?;
        let numbers = known.rows.iter().rev().take(count).map(|row| row.number).collect();
        let said = format!("{} inserted", rows(count));
        Ok(self.written(&Written { said, table, columns, numbers }, &before))
    }

    /// The columns that values are given for: those named, else those that the application writes, else all.
    fn inserted_columns(&self, app: Option<&Name>, table: &Name, insert: &Insert) -> Vec<Name> {
        if !insert.columns.is_empty() {
            return insert.columns.iter().map(|column| column.name.clone()).collect();
        }
        if let Some(usage) = app.and_then(|app| self.apps().iter().find(|usage| usage.name == *app)) {
            let own = usage.inserts_into(table).into_iter().flat_map(|inserts| &inserts.columns);
            return own.map(|column| column.column.clone()).collect();
        }
        let schema = self.present.memory().catalog().table(table);
        schema.map_or_else(Vec::new, |schema| schema.columns().map(|column| column.name.clone()).collect())
    }

    fn values(&self, table: &Name, columns: &[Name], row: &[Expr]) -> Result<Vec<Value>, Refusal> {
        if row.len() != columns.len() {
            let message = format!("{} values for the columns {}", row.len(), listed(columns));
            return Err(Complaint::new(message)
                .help("name the columns: `insert into users (id, …) values (…)`")
                .into());
        }
        let memory = self.present.memory();
        let value = |(expr, column): (&Expr, &Name)| {
            let ty = memory.catalog().column(table, column).map(|column| column.ty);
            let expression = Expression::resolve(expr, &NoColumns, ty).map_err(Refusal::Placed)?;
            expression.eval(&[], memory.now_micros()).map_err(|error| Complaint::new(error.message).into())
        };
        row.iter().zip(columns).map(value).collect()
    }

    fn update(&mut self, app: Option<&Name>, update: &Update) -> Result<String, Refusal> {
        let table = self.named_table(&update.table)?;
        let filter = update.filter.as_ref().map(|filter| self.condition(&table, filter)).transpose()?;
        let mut assignments = Vec::new();
        for (column, value) in &update.assignments {
            let ty = self.present.memory().catalog().column(&table, &column.name).map(|column| column.ty);
            assignments.push((column.name.clone(), self.expression(&table, value, ty)?));
        }
        let touched = self.present.memory().select(None, &table, Some(&[]), filter.as_ref(), usize::MAX)?;
        let numbers: Vec<usize> = touched.rows.iter().map(|row| row.number).collect();
        let before = self.misreadings(&table, &numbers);
        let count = self.present.run.engine_mut().update(app, &table, &assignments, filter.as_ref())?;
        let (said, columns) = (format!("{} updated", rows(count)), assignments.into_iter().map(|(name, _)| name));
        Ok(self.written(&Written { said, table, columns: columns.collect(), numbers }, &before))
    }

    fn delete(&mut self, app: Option<&Name>, delete: &Delete) -> Result<String, Refusal> {
        let table = self.named_table(&delete.table)?;
        let filter = delete.filter.as_ref().map(|filter| self.condition(&table, filter)).transpose()?;
        let before = self.misreadings(&table, &[]);
        let count = self.present.run.engine_mut().delete(app, &table, filter.as_ref())?;
        let said = format!("{} deleted", rows(count));
        Ok(self.written(&Written { said, table, columns: Vec::new(), numbers: Vec::new() }, &before))
    }

    fn condition(&self, table: &Name, filter: &Expr) -> Result<Expression, Refusal> {
        self.expression(table, filter, Some(Type::Boolean))
    }

    fn expression(&self, table: &Name, expr: &Expr, ty: Option<Type>) -> Result<Expression, Refusal> {
        let scope = TableScope { catalog: self.present.memory().catalog(), table };
        Expression::resolve(expr, &scope, ty).map_err(Refusal::Placed)
    }

    /// What the live applications misread: in some rows of a table, and in the other tables.
    fn misreadings(&self, table: &Name, numbers: &[usize]) -> Misreadings {
        let (memory, facts) = (self.present.memory(), &self.present.run.plan().facts);
        let live = self.apps().iter().filter(|app| memory.catalog().is_live(&app.name));
        let of = |app: &AppUse| {
            let mut found = staleness::in_rows(memory, app, table, numbers);
            if app.reads.iter().any(|column| column.table != *table) {
                found.extend(
                    staleness::survey(memory, facts, app).into_iter().filter(|misread| misread.column.table != *table),
                );
            }
            (app.name.clone(), found)
        };
        live.map(of).collect()
    }

    /// What was written, and who misreads something from now on because of it.
    fn written(&mut self, written: &Written, before: &Misreadings) -> String {
        self.present.writes += 1;
        let mut text = format!("{}\n", written.said);
        for (app, now) in self.misreadings(&written.table, &written.numbers) {
            let known = before.iter().find(|(name, _)| *name == app).map_or(&[][..], |(_, known)| known);
            for misread in now.iter().filter_map(|misread| misread.beyond(known)) {
                let why = self.blame(written, &misread);
                let line = format!("`{app}` now reads {misread}: {why}");
                text += &format!("{}\n", self.terminal.paint(&line, Paint::Yellow));
            }
        }
        text
    }

    fn blame(&self, written: &Written, misread: &Misread) -> String {
        let catalog = self.present.memory().catalog();
        let id = |table: &str, column: &str| catalog.column(table, column).map(|column| column.id);
        let facts = &self.present.run.plan().facts;
        let target = id(&misread.column.table, &misread.column.column);
        let sources = written.columns.iter().filter(|column| {
            let source = id(&written.table, column);
            source.zip(target).is_some_and(|(source, target)| source != target && shares(facts, source, target))
        });
        let sources: Vec<&Name> = sources.collect();
        match sources.as_slice() {
            [] => "nobody has given it a value".to_owned(),
            sources => format!("no sync carries {} over to it", listed(sources)),
        }
    }
}

/// As `order by` sorts: null is the largest.
fn order(one: &Value, other: &Value, descending: bool) -> std::cmp::Ordering {
    let order = match (one.is_null(), other.is_null()) {
        (false, false) => compare(one, other),
        (one, other) => one.cmp(&other),
    };
    if descending { order.reverse() } else { order }
}

/// The name of a column of the table that is selected from.
fn own_column(table: &Name, column: &ColumnRef) -> Result<Name, Complaint> {
    match &column.table {
        Some(other) if other.name != *table => {
            let message = format!("`{}.{}` is a column of another table", other.name, column.column.name);
            Err(Complaint::new(message).help(format!("this selects from `{table}`")))
        }
        _ => Ok(column.column.name.clone()),
    }
}
