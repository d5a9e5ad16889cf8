//! What a statement speaks of: one description of each, for everybody who need not know which statement it is. A new
//! statement says here what it names, adds, drops and fills; what is asked of the description then works for it.

use crate::ast::{
    ColumnConstraint, ColumnDef, ColumnRef, CopyRows, Expr, Ident, StatementKind, Sync, SyncKind, TableConstraint,
    TableDef, Validated,
};

/// The names in a statement, as they are written.
#[derive(Clone, Debug, Default)]
pub struct Mentions<'a> {
    /// Tables that stand for themselves.
    pub tables: Vec<&'a Ident>,
    /// Columns, those of expressions among them, each perhaps with its table.
    pub columns: Vec<&'a ColumnRef>,
    /// What it adds.
    pub adds: Option<Added<'a>>,
    /// What it drops.
    pub drops: Option<Dropped<'a>>,
    /// The columns that it gives values, now or from now on.
    pub fills: Vec<Filled<'a>>,
}

/// What a statement adds.
#[derive(Clone, Copy, Debug)]
pub enum Added<'a> {
    /// A column of this table, by default the header's.
    Column(Option<&'a Ident>, &'a ColumnDef),
    /// A table.
    Table(&'a TableDef),
}

/// What a statement drops.
#[derive(Clone, Copy, Debug)]
pub enum Dropped<'a> {
    /// A column.
    Column(&'a ColumnRef),
    /// A table.
    Table(&'a Ident),
}

/// A column that gets values.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'a> {
    /// Its table, by default the header's.
    pub table: Option<&'a Ident>,
    /// The column.
    pub column: &'a Ident,
    /// What the values come from.
    pub from: FilledFrom<'a>,
}

/// What fills a column.
#[derive(Clone, Copy, Debug)]
pub enum FilledFrom<'a> {
    /// An expression over a table, by default that of the column.
    Value(Option<&'a Ident>, &'a Expr),
    /// The other column of `c <-> d`.
    Column(&'a ColumnRef),
}

impl StatementKind {
    /// What the statement speaks of.
    #[must_use]
    pub fn mentions(&self) -> Mentions<'_> {
        let mut found = Mentions::default();
        match self {
            Self::AddColumn(parts) => found.add_column(parts.0.as_ref(), &parts.1),
            Self::AddTable(table) => found.add_table(table),
            Self::AddIndex(index) => found.over(index.table.as_deref(), index.filter.as_deref()),
            Self::AddCheck(check) => found.over(check.table.as_ref(), Some(&check.condition)),
            Self::AddUnique(unique) => found.over(unique.table.as_ref(), None),
            Self::AddForeignKey(add) => {
                found.over(add.table.as_ref(), None);
                found.tables.push(&add.key.table);
            }
            Self::AddNotNull(column)
            | Self::SetNotNull(column)
            | Self::DropNotNull(column)
            | Self::DropDefault(column) => found.columns.push(column),
            Self::SetDefault(set) => found.columns.push(&set.0),
            Self::Sync(sync) => found.sync(sync),
            Self::DropSync(sync) => found.columns.extend(std::iter::once(&sync.target).chain(&sync.other)),
            Self::Backfill(fill) | Self::Seed(fill) => {
                found.fill(&fill.target, FilledFrom::Value(None, &fill.value));
                found.over(None, fill.filter.as_deref());
            }
            Self::Copy(copy) => found.copy(copy),
            Self::Validate(validated) => match &**validated {
                Validated::NotNull(column) => found.columns.push(column),
                Validated::Check(_) | Validated::ForeignKey(_) => {}
            },
            Self::Verify(parts) => found.over(parts.1.as_ref(), Some(&parts.0)),
            Self::DropColumn(column) => {
                found.columns.push(column);
                found.drops = Some(Dropped::Column(column));
            }
            Self::DropTable(table) => {
                found.tables.push(table);
                found.drops = Some(Dropped::Table(table));
            }
            Self::RenameColumn(parts) => found.columns.push(&parts.0),
            Self::RenameTable(parts) => found.tables.push(&parts.0),
            Self::AlterType(parts) => found.columns.push(&parts.0),
            // Constraints have names of their own, and so have applications.
            Self::DropIndex(_)
            | Self::DropCheck(_)
            | Self::DropUnique(_)
            | Self::DropForeignKey(_)
            | Self::Deploy(_)
            | Self::Retire(_)
            | Self::Confirm(_)
            | Self::Wait(_) => {}
        }
        found
    }
}

impl<'a> Mentions<'a> {
    /// A table that may be named, and an expression over it.
    fn over(&mut self, table: Option<&'a Ident>, value: Option<&'a Expr>) {
        self.tables.extend(table);
        value.into_iter().for_each(|value| value.for_each_column(&mut |column| self.columns.push(column)));
    }

    fn add_column(&mut self, table: Option<&'a Ident>, column: &'a ColumnDef) {
        self.tables.extend(table);
        self.tables.extend(column.references());
        self.adds = Some(Added::Column(table, column));
    }

    fn add_table(&mut self, table: &'a TableDef) {
        self.tables.extend(table.tables());
        self.adds = Some(Added::Table(table));
    }

    fn fill(&mut self, target: &'a ColumnRef, from: FilledFrom<'a>) {
        self.columns.push(target);
        match from {
            FilledFrom::Value(table, value) => self.over(table, Some(value)),
            FilledFrom::Column(other) => self.columns.push(other),
        }
        self.fills.push(Filled { table: target.table.as_deref(), column: &target.column, from });
    }

    fn sync(&mut self, sync: &'a Sync) {
        match &sync.kind {
            SyncKind::From(value) => self.fill(&sync.target, FilledFrom::Value(None, value)),
            SyncKind::Both(other) => {
                self.fill(&sync.target, FilledFrom::Column(other));
                self.fill(other, FilledFrom::Column(&sync.target));
            }
        }
    }

    fn copy(&mut self, copy: &'a CopyRows) {
        self.tables.extend([&copy.from, &copy.to]);
        for (column, value) in &copy.columns {
            self.over(None, Some(value));
            let from = FilledFrom::Value(Some(&copy.from), value);
            self.fills.push(Filled { table: Some(&copy.to), column, from });
        }
        self.over(None, copy.filter.as_ref());
    }
}

impl TableDef {
    /// The table, and those that its rows refer to.
    pub fn tables(&self) -> impl Iterator<Item = &Ident> {
        std::iter::once(&self.name).chain(self.references().map(|(_, to)| to))
    }

    /// The columns that are foreign keys, each with the table that it refers to.
    pub fn references(&self) -> impl Iterator<Item = (&Ident, &Ident)> {
        let keys = self.constraints.iter().filter_map(|constraint| match constraint {
            TableConstraint::ForeignKey(key) => Some((&key.column, &key.table)),
            _ => None,
        });
        self.columns.iter().flat_map(|column| column.references().map(move |to| (&column.name, to))).chain(keys)
    }
}

impl ColumnDef {
    /// The tables that its values refer to.
    pub fn references(&self) -> impl Iterator<Item = &Ident> {
        self.constraints.iter().filter_map(|(constraint, _)| match constraint {
            ColumnConstraint::References(to) => Some(&to.0),
            _ => None,
        })
    }
}
