//! The tree of a script, put together from what its reading yields.

use rustc_hash::FxHashSet;

use crate::ast::{
    Allow, AllowScope, App, Name, Phase, Rows, RowsFrom, Script, Statement, StatementKind, TableDef, View,
};
use crate::source::{Source, Span};
use crate::syntax::part::{Element, Head, Part};

/// A block whose end has not been read.
enum Block {
    Phase(Span),
    Table(TableDef),
    AddTable(Option<Phase>, TableDef),
    App(App),
    View(View),
    Rows(Rows),
}

/// Takes events and gives a script.
pub(super) struct Assembly {
    script: Script,
    blocks: Vec<Block>,
    /// Allows whose item has not come yet, with how many blocks were open.
    pending: Vec<(Allow, usize)>,
    /// The applications that some statement has deployed or retired.
    rolled: FxHashSet<Name>,
}

impl Assembly {
    pub(super) fn new(source: Source) -> Self {
        Self { script: Script::new(source), blocks: Vec::new(), pending: Vec::new(), rolled: FxHashSet::default() }
    }

    pub(super) fn finish(mut self) -> Script {
        // An allow that nothing follows covers itself only, and so is found to silence nothing.
        let left = self.pending.drain(..).map(|(allow, _)| Allow { scope: AllowScope::Item(allow.span), ..allow });
        self.script.allows.extend(left);
        self.script.allows.sort_by_key(|allow| allow.span);
        self.script.statements.shrink_to_fit();
        self.script
    }

    /// The statements since this was last called, for a caller that does not keep them all.
    pub(super) fn take_statements(&mut self) -> std::vec::Drain<'_, Statement> {
        self.script.statements.drain(..)
    }

    pub(super) fn take(&mut self, event: Part) {
        match event {
            Part::Comment { .. } | Part::Blank => {}
            Part::Header(header, allows) => {
                self.script.header.get_or_insert(header);
                self.script.allows.extend(allows);
            }
            Part::Allow(allow) => self.pending.push((allow, self.blocks.len())),
            Part::Statement(statement) => {
                self.cover(statement.span);
                self.note_rollout(&statement.kind);
                self.script.statements.push(statement);
            }
            Part::Passed(span) => self.cover(span),
            Part::Rows(rows) => {
                self.cover(rows.span);
                self.script.rows.push(rows);
            }
            Part::Open(head, span) => self.open(head, span),
            Part::Element(element) => self.element(element),
            Part::Close(span) => self.close(span),
        }
    }

    /// An application whose first statement is its `deploy` is not live before.
    fn note_rollout(&mut self, kind: &StatementKind) {
        let (app, deploys) = match kind {
            StatementKind::Deploy(app) => (app, true),
            StatementKind::Retire(app) => (app, false),
            _ => return,
        };
        if self.rolled.insert(app.name.clone()) && deploys {
            self.script.deployed.push(app.name.clone());
        }
    }

    /// The allows that wait for an item at this depth cover `span`.
    fn cover(&mut self, span: Span) {
        while self.pending.last().is_some_and(|(_, depth)| *depth >= self.blocks.len()) {
            if let Some((allow, _)) = self.pending.pop() {
                self.script.allows.push(Allow { scope: AllowScope::Item(span), ..allow });
            }
        }
    }

    fn open(&mut self, head: Head, span: Span) {
        let table = |name| TableDef { name, columns: Vec::new(), constraints: Vec::new(), span };
        let block = match head {
            Head::Phase(_) => Block::Phase(span),
            Head::Table(name) => Block::Table(table(name)),
            Head::AddTable { phase, name } => Block::AddTable(phase, table(name)),
            Head::App(name) => {
                Block::App(App { name, clauses: Vec::new(), reads_catalog: false, connects_as: None, span })
            }
            Head::View(name) => Block::View(View { name, reads: Vec::new(), span }),
            Head::Rows(table) => Block::Rows(Rows { table, from: RowsFrom::Listed(Vec::new()), span }),
        };
        self.blocks.push(block);
    }

    fn element(&mut self, element: Element) {
        match (self.blocks.last_mut(), element) {
            (Some(Block::Table(table) | Block::AddTable(_, table)), Element::Column(column)) => {
                table.columns.push(column);
            }
            (Some(Block::Table(table) | Block::AddTable(_, table)), Element::Constraint(constraint)) => {
                table.constraints.push(constraint);
            }
            (Some(Block::App(app)), Element::AppClause(clause)) => app.clauses.push(clause),
            (Some(Block::App(app)), Element::ReadsCatalog) => app.reads_catalog = true,
            (Some(Block::App(app)), Element::Connects(role)) => app.connects_as = Some(role),
            (Some(Block::View(view)), Element::ViewReads(columns)) => view.reads.extend(columns),
            (Some(Block::Rows(rows)), Element::Row(values, span)) => {
                if let RowsFrom::Listed(listed) = &mut rows.from {
                    listed.push((values, span));
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, end: Span) {
        let Some(block) = self.blocks.pop() else {
            return;
        };
        let span = match block {
            Block::Phase(span) => span.to(end),
            Block::Table(mut table) => {
                table.columns.shrink_to_fit();
                table.span = table.span.to(end);
                let span = table.span;
                self.script.tables.push(table);
                span
            }
            Block::AddTable(phase, mut table) => {
                table.span = table.span.to(end);
                let span = table.span;
                let kind = StatementKind::AddTable(Box::new(table));
                self.script.statements.push(Statement { kind, phase, span });
                span
            }
            Block::App(app) => {
                let span = app.span.to(end);
                self.script.apps.push(App { span, ..app });
                span
            }
            Block::View(view) => {
                let span = view.span.to(end);
                self.script.views.push(View { span, ..view });
                span
            }
            Block::Rows(rows) => {
                let span = rows.span.to(end);
                self.script.rows.push(Rows { span, ..rows });
                span
            }
        };
        self.cover(span);
    }
}
