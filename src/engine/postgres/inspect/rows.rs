//! The rows of tables: some of them, and whether any of all of them is in the way of a plan. Nothing is changed, and
//! nothing takes longer than it may.

use std::time::{Duration, Instant};

use postgres::{GenericClient, Row, Transaction};

use crate::ast::Name;
use crate::data::{Type, Value};
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::quote;
use crate::engine::{Fault, FaultKind};
use crate::expr::Expression;
use crate::plan::{Question, Seen};

/// So many rows of a table are read.
pub const MOST_ROWS: usize = 1_000;

/// Rows that are longer than this, in bytes, are left aside.
const LONGEST_ROW: usize = 100_000;

/// So long one statement may take, in milliseconds.
const MOST_MS: u64 = 5_000;

/// So long everything that is asked may take together.
const ALL: Duration = Duration::from_secs(30);

/// Where tables are, and which types their columns have.
pub trait Places {
    /// A table, quoted and with its schema.
    fn relation(&self, table: &Name) -> String;

    /// The type of a column.
    fn type_of(&self, table: &Name, column: &Name) -> Type;
}

/// Rows of a table that were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SomeRows {
    /// The rows, with a value for each column that was asked for.
    pub rows: Vec<Vec<Value>>,
    /// These are all.
    pub whole: bool,
}

/// A look at the rows of a database.
pub struct Look<'c, C> {
    client: &'c mut C,
    began: Instant,
}

/// What is the matter with a statement: the server cannot be asked any more, or not this.
enum Trouble {
    Lost(Fault),
    /// It gave an error for some row.
    OfValues(String),
    Unanswered(String),
}

type Answered<T> = Result<T, Trouble>;

impl<'c, C: GenericClient> Look<'c, C> {
    /// Begins to look.
    pub fn new(client: &'c mut C) -> Self {
        Self { client, began: Instant::now() }
    }

    /// Some rows of a table; none where the server does not say.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn sample(&mut self, relation: &str, columns: &[(Name, Type)]) -> Result<Option<SomeRows>, Fault> {
        let texts = texts("miglab_row", columns.iter().map(|(name, _)| name));
        let sql = format!(
            "select {texts} from (select * from {relation} limit {}) as miglab_row \
             where octet_length(miglab_row::text) <= {LONGEST_ROW}",
            MOST_ROWS + 1
        );
        match self.within(|transaction| query(transaction, &sql)) {
            Ok(found) => {
                let rows =
                    found.iter().take(MOST_ROWS).filter_map(|row| values(row, columns.iter().map(|(_, ty)| *ty)));
                let rows: Vec<Vec<Value>> = rows.collect();
                let whole = found.len() <= MOST_ROWS && rows.len() == found.len();
                Ok(Some(SomeRows { rows, whole }))
            }
            Err(Trouble::Lost(fault)) => Err(fault),
            Err(Trouble::OfValues(_) | Trouble::Unanswered(_)) => Ok(None),
        }
    }

    /// Looks at all rows for the answer to a question.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn ask(&mut self, question: &Question, places: &impl Places) -> Result<Seen, Fault> {
        let answered = match question {
            Question::Fails { table, value, filter } => {
                self.fails(&Asking { table, value, filter: filter.as_ref() }, places)
            }
            Question::False { table, condition } => {
                let asking = Asking { table, value: condition, filter: None };
                match self.broken(&asking, &format!("not {}", asking.sql()), "false", places) {
                    Err(Trouble::OfValues(why)) => self.failing_row(&asking, &why, places),
                    answered => answered,
                }
            }
            Question::Repeats { table, columns, filter } => self.repeats(table, columns, filter.as_ref(), places),
            Question::Orphans { table, column, to, referenced } => {
                self.orphans((table, column), (to, referenced), places)
            }
        };
        match answered {
            Ok(seen) => Ok(seen),
            Err(Trouble::Lost(fault)) => Err(fault),
            Err(Trouble::OfValues(why) | Trouble::Unanswered(why)) => Ok(Seen::Unknown(why)),
        }
    }

    fn fails(&mut self, asking: &Asking<'_>, places: &impl Places) -> Answered<Seen> {
        let counted = asking.counted(&asking.rows(places));
        match self.within(|transaction| query(transaction, &counted)) {
            Err(Trouble::OfValues(why)) => return self.failing_row(asking, &why, places),
            answered => answered?,
        };
        match asking.value.ty() {
            Type::Varchar(Some(most)) => {
                let too_long = format!("char_length(rtrim({}, ' ')) > {most}", asking.sql());
                let why = format!("value too long for type character varying({most})");
                self.broken(asking, &too_long, &why, places)
            }
            _ => Ok(Seen::Nothing),
        }
    }

    /// A row for which a condition holds.
    fn broken(&mut self, asking: &Asking<'_>, condition: &str, outcome: &str, places: &impl Places) -> Answered<Seen> {
        let texts = texts("r", asking.value.inputs());
        let texts = if texts.is_empty() { "null".to_owned() } else { texts };
        let sql = format!("select {texts} from {} as r where {condition} limit 1", asking.rows(places));
        let found = self.within(|transaction| query(transaction, &sql))?;
        let names = asking.value.inputs();
        Ok(found.first().map_or(Seen::Nothing, |row| seen(row, asking.table, names, outcome.to_owned(), places)))
    }

    /// The row for which an expression gives an error, as it does for some: halves that have such a row are halved again.
    fn failing_row(&mut self, asking: &Asking<'_>, why: &str, places: &impl Places) -> Answered<Seen> {
        let (rows, names) = (asking.rows(places), asking.value.inputs());
        let nameless = || Seen::Row { values: Vec::new(), outcome: why.to_owned() };
        let count = self.within(|transaction| query(transaction, &format!("select count(*) from {rows} as r")));
        let count: i64 = match count {
            Ok(found) => found.first().map_or(0, |row| row.get(0)),
            Err(Trouble::Lost(fault)) => return Err(Trouble::Lost(fault)),
            Err(_) => return Ok(nameless()),
        };
        let (mut from, mut size) = (0, count);
        while size > 1 {
            let half = size / 2;
            let sql = asking.counted(&format!("(select * from {rows} as r offset {from} limit {half})"));
            match self.within(|transaction| query(transaction, &sql)) {
                Ok(_) => (from, size) = (from + half, size - half),
                Err(Trouble::OfValues(_)) => size = half,
                Err(Trouble::Lost(fault)) => return Err(Trouble::Lost(fault)),
                Err(Trouble::Unanswered(_)) => return Ok(nameless()),
            }
        }
        let one = format!("(select * from {rows} as r offset {from} limit 1)");
        let is_it =
            matches!(self.within(|transaction| query(transaction, &asking.counted(&one))), Err(Trouble::OfValues(_)));
        let sql = format!("select {} from {one} as r", texts("r", names));
        match self.within(|transaction| query(transaction, &sql)) {
            Ok(found) if is_it => {
                Ok(found.first().map_or_else(nameless, |row| seen(row, asking.table, names, why.to_owned(), places)))
            }
            Err(Trouble::Lost(fault)) => Err(Trouble::Lost(fault)),
            _ => Ok(nameless()),
        }
    }

    fn repeats(
        &mut self,
        table: &Name,
        columns: &[Name],
        filter: Option<&Expression>,
        places: &impl Places,
    ) -> Answered<Seen> {
        let own: Vec<String> = columns.iter().map(|name| of_row("r", name)).collect();
        let mut conditions: Vec<String> = own.iter().map(|column| format!("{column} is not null")).collect();
        conditions.extend(filter.map(|filter| filter.to_sql(&|name| of_row("r", name))));
        let sql = format!(
            "select {} from {} as r where {} group by {} having count(*) > 1 limit 1",
            texts("r", columns),
            places.relation(table),
            conditions.join(" and "),
            own.join(", ")
        );
        let found = self.within(|transaction| query(transaction, &sql))?;
        let outcome = "more than one row has this".to_owned();
        Ok(found.first().map_or(Seen::Nothing, |row| seen(row, table, columns, outcome, places)))
    }

    fn orphans(
        &mut self,
        (table, column): (&Name, &Name),
        (to, referenced): (&Name, &Name),
        places: &impl Places,
    ) -> Answered<Seen> {
        let (own, other) = (of_row("r", column), of_row("other", referenced));
        let sql = format!(
            "select {own}::text from {} as r where {own} is not null \
             and not exists (select from {} as other where {other} = {own}) limit 1",
            places.relation(table),
            places.relation(to)
        );
        let found = self.within(|transaction| query(transaction, &sql))?;
        let outcome = format!("`{to}` has no such row");
        Ok(found.first().map_or(Seen::Nothing, |row| seen(row, table, std::slice::from_ref(column), outcome, places)))
    }

    /// Asks in a transaction that cannot change anything, sees all rows or none, and ends in time.
    fn within<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T, postgres::Error>) -> Answered<T> {
        let left = ALL.saturating_sub(self.began.elapsed()).as_millis();
        let left = u64::try_from(left).unwrap_or(MOST_MS).min(MOST_MS);
        if left == 0 {
            return Err(Trouble::Unanswered(format!("no time was left, after {} s", ALL.as_secs())));
        }
        let settings = format!(
            "set transaction isolation level repeatable read, read only; set local statement_timeout = {left}; \
             set local lock_timeout = '1s'; set local row_security = off; \
             set local synchronize_seqscans = off; set local max_parallel_workers_per_gather = 0"
        );
        let asked = self.client.transaction().and_then(|mut transaction| {
            transaction.batch_execute(&settings)?;
            work(&mut transaction)
        });
        asked.map_err(|error| trouble(&error, left))
    }
}

fn trouble(error: &postgres::Error, within_ms: u64) -> Trouble {
    let fault = fault(error);
    let is_late = error.code() == Some(&postgres::error::SqlState::QUERY_CANCELED);
    match fault.kind {
        FaultKind::Connection => Trouble::Lost(fault),
        FaultKind::Value => Trouble::OfValues(fault.message),
        _ if is_late => Trouble::Unanswered(format!("it did not answer within {within_ms} ms")),
        _ if error.as_db_error().is_none() => Trouble::Lost(fault),
        _ => Trouble::Unanswered(fault.message),
    }
}

/// An expression over the rows of a table.
struct Asking<'a> {
    table: &'a Name,
    value: &'a Expression,
    filter: Option<&'a Expression>,
}

impl Asking<'_> {
    fn sql(&self) -> String {
        self.value.to_sql(&|name| of_row("r", name))
    }

    /// The rows that it is about.
    fn rows(&self, places: &impl Places) -> String {
        let relation = places.relation(self.table);
        match self.filter.map(|filter| filter.to_sql(&|name| of_row("r", name))) {
            // The filter comes first: it may be what keeps the expression from failing.
            Some(filter) => format!("(select * from {relation} as r where {filter} offset 0)"),
            None => relation,
        }
    }

    /// A statement that computes the expression for all rows.
    fn counted(&self, rows: &str) -> String {
        format!("select count(({})::text) from {rows} as r", self.sql())
    }
}

fn query(transaction: &mut Transaction<'_>, sql: &str) -> Result<Vec<Row>, postgres::Error> {
    transaction.query(sql, &[])
}

fn of_row(row: &str, column: &str) -> String {
    format!("{row}.{}", quote::ident(column))
}

/// Columns as text.
fn texts<'a>(row: &str, columns: impl IntoIterator<Item = &'a Name>) -> String {
    columns.into_iter().map(|name| format!("{}::text", of_row(row, name))).collect::<Vec<_>>().join(", ")
}

/// The values of a row of texts; none where one is not known.
fn values(row: &Row, types: impl Iterator<Item = Type>) -> Option<Vec<Value>> {
    types.enumerate().map(|(at, ty)| value(row.get(at), ty)).collect()
}

fn value(text: Option<String>, ty: Type) -> Option<Value> {
    let Some(text) = text else { return Some(Value::Null) };
    let ty = if ty == Type::Unknown { Type::Text } else { ty };
    Value::parse(&text, ty).ok()
}

fn seen(row: &Row, table: &Name, columns: &[Name], outcome: String, places: &impl Places) -> Seen {
    let value = |(at, name): (usize, &Name)| Some((name.clone(), value(row.get(at), places.type_of(table, name))?));
    let values = columns.iter().enumerate().filter_map(value).collect();
    Seen::Row { values, outcome }
}
