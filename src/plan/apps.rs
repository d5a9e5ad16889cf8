//! What each application reads and writes, with every column's table known.

use rustc_hash::FxHashSet;

use crate::ast::Name;
use crate::source::Source;
use crate::syntax::{self, quote_ident};

/// A column by the names of its table and itself: an application may name one that does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnName {
    /// The table.
    pub table: Name,
    /// The column.
    pub column: Name,
}

/// A version of the application.
#[derive(Clone, Debug)]
pub struct AppUse {
    /// Its name.
    pub name: Name,
    /// What it reads.
    pub reads: Vec<ColumnName>,
    /// What it writes: all that its inserts and updates give a value.
    pub writes: Vec<ColumnName>,
    /// What its updates give a value.
    pub updates: Vec<ColumnName>,
    /// The tables that it inserts into.
    pub inserts: Vec<Inserts>,
    /// The tables that it deletes from.
    pub deletes: Vec<Name>,
    /// The tables of which it uses whatever columns there are. Those that are known are among the columns above.
    pub whole: Vec<Whole>,
    /// What it uses only because it is there, and does without where it is not.
    pub spread: FxHashSet<ColumnName>,
    /// It asks the catalog once, as it starts, and from then on names every column that it found.
    pub reads_catalog: bool,
    /// The `application_name` or the role that it connects to a database with, where the script says.
    pub connects_as: Option<Box<str>>,
}

/// How a version inserts into a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inserts {
    /// The table.
    pub table: Name,
    /// The columns that it gives a value.
    pub columns: Vec<ColumnName>,
    /// The columns of each `on conflict (…)`.
    pub conflicts: Vec<Vec<Name>>,
}

/// `t.*`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The table.
    pub table: Name,
    /// It reads whatever columns there are.
    pub reads: bool,
    /// Its inserts give them.
    pub inserts: bool,
    /// Its updates give them.
    pub updates: bool,
}

impl AppUse {
    /// A version that reads and writes these columns: it inserts, updates and deletes.
    #[must_use]
    pub fn new(name: Name, reads: Vec<ColumnName>, writes: Vec<ColumnName>) -> Self {
        let mut usage = Self {
            name,
            reads,
            updates: writes.clone(),
            writes: Vec::new(),
            inserts: Vec::new(),
            deletes: Vec::new(),
            whole: Vec::new(),
            spread: FxHashSet::default(),
            reads_catalog: false,
            connects_as: None,
        };
        for column in &writes {
            usage.insert_into(&column.table).columns.push(column.clone());
            if !usage.deletes.contains(&column.table) {
                usage.deletes.push(column.table.clone());
            }
        }
        usage.writes = writes;
        usage
    }

    /// Everything it reads or writes; what it does both with comes twice.
    pub fn uses(&self) -> impl Iterator<Item = &ColumnName> {
        self.reads.iter().chain(&self.writes)
    }

    /// What it cannot do without, of what it reads or writes.
    pub fn needs(&self) -> impl Iterator<Item = &ColumnName> {
        self.uses().filter(|column| !self.spread.contains(column))
    }

    /// The tables that it has to do with; some come more than once.
    pub fn tables(&self) -> impl Iterator<Item = &Name> {
        let used = self.uses().map(|column| &column.table);
        let inserted = self.inserts.iter().map(|inserts| &inserts.table);
        used.chain(inserted).chain(&self.deletes).chain(self.whole.iter().map(|whole| &whole.table))
    }

    /// The tables of which it takes note as it starts, because it uses whatever columns it finds there.
    #[must_use]
    pub fn asks(&self) -> Vec<Name> {
        if self.whole.is_empty() && !self.reads_catalog {
            return Vec::new();
        }
        let mut tables: Vec<Name> = self.tables().cloned().collect();
        tables.sort();
        tables.dedup();
        tables
    }

    /// What its inserts name with `on conflict`: columns, with their table.
    pub fn conflicts(&self) -> impl Iterator<Item = (&Name, &[Name])> {
        self.inserts
            .iter()
            .flat_map(|inserts| inserts.conflicts.iter().map(|columns| (&inserts.table, columns.as_slice())))
    }

    /// How it inserts into a table, if it does.
    #[must_use]
    pub fn inserts_into(&self, table: &str) -> Option<&Inserts> {
        self.inserts.iter().find(|inserts| *inserts.table == *table)
    }

    /// Whether it deletes rows of a table.
    #[must_use]
    pub fn deletes_from(&self, table: &str) -> bool {
        self.deletes.iter().any(|deleted| **deleted == *table)
    }

    /// Whether it inserts into a table, or updates or deletes its rows.
    #[must_use]
    pub fn writes_to(&self, table: &str) -> bool {
        self.writes.iter().any(|column| *column.table == *table)
            || self.inserts_into(table).is_some()
            || self.deletes_from(table)
    }

    /// How it inserts into a table, for more to be added.
    pub(super) fn insert_into(&mut self, table: &Name) -> &mut Inserts {
        let at = self.inserts.iter().position(|inserts| inserts.table == *table).unwrap_or_else(|| {
            self.inserts.push(Inserts { table: table.clone(), columns: Vec::new(), conflicts: Vec::new() });
            self.inserts.len() - 1
        });
        &mut self.inserts[at]
    }

    /// Takes in a column that is there, or comes, where it means all columns of the table.
    pub(super) fn spread(&mut self, column: &ColumnName) {
        let wholes: Vec<Whole> = self.whole.iter().filter(|whole| whole.table == column.table).cloned().collect();
        let is_new = !wholes.is_empty() && !self.uses().any(|used| used == column);
        for whole in wholes {
            if whole.reads {
                add(&mut self.reads, column);
            }
            if whole.updates {
                add(&mut self.updates, column);
            }
            if whole.inserts {
                add(&mut self.insert_into(&column.table).columns, column);
            }
            if whole.updates || whole.inserts {
                add(&mut self.writes, column);
            }
        }
        if is_new {
            self.spread.insert(column.clone());
        }
    }

    /// Its declaration in canonical form, without a line end after it. Columns of `default_table` go by their names
    /// alone.
    #[must_use]
    pub fn declaration(&self, default_table: Option<&Name>) -> String {
        let clauses = self.clauses(default_table).join(" ");
        let text = format!("app {} {{ {clauses} }}", quote_ident(&self.name));
        let formatted = syntax::format(&Source::new("app", text.as_str()));
        formatted.map_or(text, |formatted| formatted.trim_end().to_owned())
    }
}

/// What an insert with `on conflict (…)` needs: ``unique constraint on `users (email)` ``.
#[must_use]
pub fn conflict_name(table: &str, columns: &[Name]) -> String {
    format!("unique constraint on `{table} ({})`", columns.join(", "))
}

/// Adds a column to a list, once.
pub(super) fn add(list: &mut Vec<ColumnName>, column: &ColumnName) {
    if !list.contains(column) {
        list.push(column.clone());
    }
}

impl ColumnName {
    /// As a script writes it where unqualified columns belong to `default_table`.
    #[must_use]
    pub fn written(&self, default_table: Option<&Name>) -> String {
        let column = quote_ident(&self.column);
        if default_table == Some(&self.table) {
            return column.into_owned();
        }
        format!("{}.{column}", quote_ident(&self.table))
    }
}

impl std::fmt::Display for ColumnName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}
